import { expect, test } from "vitest";
import { deployTo } from "../../infra/aws/emulator.ts";
import { openTarget } from "../support/open-target.ts";

const settings = process.env["BULKHEAD_SETTINGS"];
const endpoint = process.env["AWS_ENDPOINT_URL"];

// On the embedded host there is nothing to deploy; there a host is killed and started anew.
test.runIf(settings && endpoint)(
  "a run that a deployment meets in the middle of a model call ends, and pays each turn once",
  async () => {
    const { target } = await openTarget();
    const id = await target.start("[[slow-planner ms=40000]] Write");
    await target.until(id, ({ tasks }) =>
      tasks.some(({ agent, doing }) => agent === "planner" && doing === "model"),
    );
    await deployTo({
      endpoint: endpoint ?? "",
      // Another size is another version of every agent's function.
      settings: {
        ...JSON.parse(settings ?? "{}"),
        agents: JSON.stringify({ coder: { memoryMb: 320 }, planner: { memoryMb: 320 } }),
      },
      keyOf: (agent) => `scripted-${agent}`,
    });
    const view = await target.end(id);
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, turns }) => [agent, turns])).toEqual([
      ["coder", 2],
      ["planner", 1],
      ["critic", 1],
    ]);
  },
);
