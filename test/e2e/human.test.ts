import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isDeployed, openTarget } from "../support/open-target.ts";
import { hasTeam, type OpenTeam, openTeam } from "../support/open-team.ts";
import { SpawnedHost } from "../support/spawned-host.ts";
import type { Target } from "../support/target.ts";

// They wait more than they work, on an emulator for a clock that ticks once a minute: so they wait together.
const together = { concurrent: true };

describe("a question of the coder", together, () => {
  let target: Target;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ target, close } = await openTarget());
  });
  afterAll(() => close());

  test("waits for a person at no compute, and their words are its result", async () => {
    const id = await target.start("[[ask-human]] Build the limiter");
    const question = await target.question(id);
    expect(question).toMatchObject({
      task: 2,
      requester: 1,
      agent: "coder",
      kind: "question",
      question: "Which store shall the limiter use?",
      options: ["Redis", "the table"],
    });
    const asked = await target.get(id);
    expect(asked.tasks.map(({ agent, status }) => [agent, status])).toEqual([
      ["coder", "SUSPENDED"],
      ["human", "SCHEDULED"],
    ]);
    expect((await target.answer(id, question.task, { text: "Redis, in our own cluster." })).status).toBe(202);
    const view = await target.end(id);
    expect(view).toMatchObject({ status: "SUCCEEDED", output: "As you said: Redis, in our own cluster." });
    expect(view.questions).toBeUndefined();
    expect(view.usage.calls).toBe(2);
    expect((await target.task(id, 2)).answeredBy).toEqual(expect.any(String));
    // What was answered stays answered.
    expect((await target.answer(id, 2, { text: "Redis, in our own cluster." })).status).toBe(200);
    expect((await target.answer(id, 2, { text: "No, the table." })).status).toBe(409);
  });

  test("that nobody answers expires, and the coder goes on by itself", async () => {
    const view = await target.run("[[ask-human deadline=1]] Build the limiter");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.output).toMatch(/^Nobody was there, so I took the table\. \(NO_ANSWER: /);
    expect(view.tasks[1]).toMatchObject({ agent: "human", status: "TIMED_OUT" });
    expect((await target.answer(view.executionId, 2, { text: "Redis" })).status).toBe(409);
  });

  test("is closed by a stop", async () => {
    const id = await target.start("[[ask-human]] Build the limiter");
    await target.question(id);
    expect((await target.post(`/executions/${id}/stop`)).status).toBe(202);
    expect((await target.end(id)).status).toBe("ABORTED");
    const answer = await target.answer(id, 2, { text: "Redis" });
    expect(await answer.json()).toMatchObject({ code: "QUESTION_CLOSED" });
  });
});

describe.runIf(hasTeam)("a tool that requires approval", together, () => {
  let team: OpenTeam;
  beforeAll(async () => {
    team = await openTeam(["operator"]);
  });
  afterAll(() => team?.close());
  const publish = (deadlineSeconds = 600) =>
    team.target.start("[[publishing]] Publish it", { agent: "operator", limits: { deadlineSeconds } });

  test("is run once it is approved, and not before", async () => {
    const { target } = team;
    const id = await publish();
    expect(await target.question(id)).toMatchObject({
      kind: "approval",
      tool: "publish",
      input: '{"text":"Hello, world"}',
    });
    expect(await target.files(id)).toEqual([]);
    expect((await target.answer(id, 1, { decision: "approve" })).status).toBe(202);
    expect((await target.end(id)).output).toBe(`It said: published as ${id}.1/1.0`);
    expect(await target.file(id, "published.md")).toBe("Hello, world");
  });

  test("is not run when it is rejected; the agent is told why", async () => {
    const { target } = team;
    const id = await publish();
    const { task } = await target.question(id);
    expect((await target.answer(id, task, { text: "yes" })).status).toBe(400);
    await target.answer(id, task, { decision: "reject", reason: "not on a Friday" });
    expect((await target.end(id)).output).toBe("It said: REJECTED: not on a Friday");
    expect(await target.files(id)).toEqual([]);
  });

  // Where the clock ticks once a minute this would take three; how silence ends there, the coder's question shows.
  test.skipIf(isDeployed)(
    "is not run when nobody answers in half of the time that there is; the agent finishes",
    async () => {
      const { target } = team;
      const id = await publish(10);
      const { task } = await target.question(id);
      const view = await target.end(id);
      expect(view).toMatchObject({
        status: "SUCCEEDED",
        tasks: [{}, { agent: "human", status: "TIMED_OUT" }],
      });
      expect(view.output).toMatch(/^It said: NO_ANSWER: /);
      expect((await target.answer(id, task, { decision: "approve" })).status).toBe(409);
      expect(await target.files(id)).toEqual([]);
    },
  );
});

test.skipIf(isDeployed)("an open question survives the death of the host and its start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-question-"));
  let host = await SpawnedHost.start(["--data", folder]);
  try {
    const id = await host.target.start("[[ask-human]] Over a death");
    const { task } = await host.target.question(id);
    await host.end("SIGKILL");
    host = await SpawnedHost.start(["--data", folder]);
    expect((await host.target.question(id)).task).toBe(task);
    expect((await host.target.answer(id, task, { text: "Redis" })).status).toBe(202);
    const view = await host.target.end(id);
    expect(view).toMatchObject({ status: "SUCCEEDED", output: "As you said: Redis" });
    expect(view.usage.calls).toBe(2);
  } finally {
    await host.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
});
