import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineScript } from "../../infra/local/model-server/script.ts";
import { isDeployed, openHost, openTarget } from "../support/open-target.ts";
import { SpawnedHost } from "../support/spawned-host.ts";
import type { Target } from "../support/target.ts";

describe("a question of the coder", () => {
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

/** A folder with one agent that may publish, with a person's leave; what it published stands in a file. */
const operatorIn = (folder: string, journal: string): string => {
  const shared = resolve("functions/shared");
  const write = (file: string, text: string) => writeFileSync(join(folder, "operator", file), text);
  mkdirSync(join(folder, "operator"), { recursive: true });
  write("prompt.md", "You publish what you are given.");
  write(
    "agent.ts",
    `import { appendFileSync } from "node:fs";
import { z } from "zod";
import { defineAgent } from "${shared}/agent/agent-spec.ts";
import { defineTool } from "${shared}/agent/tool.ts";
const publish = defineTool({
  name: "publish",
  description: "Publishes a text to everybody.",
  input: z.strictObject({ text: z.string() }),
  effect: "external",
  requiresApproval: true,
  run: async ({ text }, { callId }) => {
    appendFileSync(${JSON.stringify(journal)}, text + "\\n");
    return "published as " + callId;
  },
});
export const operator = defineAgent({ name: "operator", role: "publishes", tools: [publish] });`,
  );
  write(
    "handler.ts",
    `import { createAgentHandler } from "${shared}/entry/agent-handler.ts";
import { operator } from "./agent.ts";
export const handler = createAgentHandler(operator);`,
  );
  return folder;
};

const publishing = defineScript({
  name: "publishing",
  agents: {
    operator: [
      { calls: [{ name: "publish", input: { text: "Hello, world" } }] },
      ({ lastToolResults: [result] }) => ({ text: `It said: ${result?.content}` }),
    ],
  },
});

describe.skipIf(isDeployed)("a tool that requires approval", () => {
  let folder: string;
  let journal: string;
  let target: Target;
  let stop: () => Promise<void>;
  const published = (): string[] =>
    existsSync(journal) ? readFileSync(journal, "utf8").split("\n").slice(0, -1) : [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-approval-"));
    journal = join(folder, "published.txt");
    const opened = await openHost({ agentsDir: operatorIn(join(folder, "agents"), journal) });
    opened.host.modelServer?.addScript(publishing);
    target = opened.target;
    stop = () => opened.host.stop();
  });
  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is run once it is approved, and not before", async () => {
    const id = await target.start("[[publishing]] Publish it", { agent: "operator" });
    expect(await target.question(id)).toMatchObject({
      kind: "approval",
      tool: "publish",
      input: '{"text":"Hello, world"}',
    });
    expect(published()).toEqual([]);
    expect((await target.answer(id, 1, { decision: "approve" })).status).toBe(202);
    const view = await target.end(id);
    expect(view.output).toBe(`It said: published as ${id}.1/1.0`);
    expect(published()).toEqual(["Hello, world"]);
  });

  test("is not run when it is rejected; the agent is told why", async () => {
    const before = published();
    const id = await target.start("[[publishing]] Publish it again", { agent: "operator" });
    const { task } = await target.question(id);
    expect((await target.answer(id, task, { text: "yes" })).status).toBe(400);
    await target.answer(id, task, { decision: "reject", reason: "not on a Friday" });
    expect((await target.end(id)).output).toBe("It said: REJECTED: not on a Friday");
    expect(published()).toEqual(before);
  });
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
