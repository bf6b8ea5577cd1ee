import { expect, test } from "vitest";
import { deployTo } from "../../infra/aws/emulator.ts";
import { openTarget } from "../support/open-target.ts";
import { secretOf } from "../support/team.ts";

const settings = process.env["BULKHEAD_SETTINGS"];
const endpoint = process.env["AWS_ENDPOINT_URL"];

// On the embedded host there is nothing to deploy; there a host is killed and started anew.
test.runIf(settings && endpoint)(
  "runs that a deployment meets, in the middle of a model call and before an open question, end, and pay each turn once",
  async () => {
    const { target } = await openTarget();
    const asking = await target.start("[[ask-human]] Over a deployment");
    const question = await target.question(asking);
    const thinking = await target.start("[[slow-planner ms=40000]] Write");
    await target.until(thinking, ({ tasks }) =>
      tasks.some(({ agent, doing }) => agent === "planner" && doing === "model"),
    );
    await deployTo({
      endpoint: endpoint ?? "",
      settings: withMemory(JSON.parse(settings ?? "{}"), { coder: 320, planner: 320 }),
      keyOf: secretOf,
    });
    expect(await target.question(asking)).toEqual(question);
    expect((await target.answer(asking, question.task, { text: "Redis" })).status).toBe(202);
    expect(await target.end(asking)).toMatchObject({
      status: "SUCCEEDED",
      output: "As you said: Redis",
      usage: { calls: 2 },
    });
    const view = await target.end(thinking);
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, turns }) => [agent, turns])).toEqual([
      ["coder", 2],
      ["planner", 1],
      ["critic", 1],
    ]);
  },
);

/** Another size is another version of an agent's function. */
const withMemory = (
  settings: Readonly<Record<string, string>>,
  megabytes: Readonly<Record<string, number>>,
): Record<string, string> => {
  const resized = Object.entries(megabytes).map(([agent, memoryMb]) => [agent, { memoryMb }]);
  const agents = { ...JSON.parse(settings["agents"] ?? "{}"), ...Object.fromEntries(resized) };
  return { ...settings, agents: JSON.stringify(agents) };
};
