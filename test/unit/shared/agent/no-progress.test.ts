import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { AssistantBlock } from "../../../../functions/shared/contracts/model-message.ts";
import { AgentWorld, answer, call, countingTool, type Step, turn } from "./agent-world.ts";

const { idleTurnsErrorAfter, idleTurnsFailAfter } = LIMITS;

/** One call a turn, each with an input of its own: what is counted is what comes of them. */
const turns = (count: number, use: (n: number) => AssistantBlock): Step[] =>
  Array.from({ length: count }, (_, index) => turn([use(index + 1)]));

const failing = countingTool("try_it", "readOnly", () => {
  throw new Error("the door is closed");
});
const tryIt = (n: number): AssistantBlock => call("try_it", { n }, `try-${n}`);

describe("turns that bring nothing new", () => {
  test("from the fifth on the model is told, and the call is made all the same", async () => {
    const script = [...turns(idleTurnsErrorAfter, tryIt), answer("I give up")];
    const world = new AgentWorld({ script, spec: { tools: [failing.tool] } });
    const before = failing.runs.length;
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
    expect(failing.runs.length - before).toBe(idleTurnsErrorAfter);
    expect(world.shown(`try-${idleTurnsErrorAfter - 1}`)?.content).toBe("TOOL_FAILED: the door is closed");
    expect(world.shown(`try-${idleTurnsErrorAfter}`)).toMatchObject({
      content: `NO_PROGRESS: in the ${idleTurnsErrorAfter - 1} turns before this one every call failed or brought what an earlier one had, and so does this; do something else, or answer with what you have\n\nTOOL_FAILED: the door is closed`,
      is_error: true,
    });
  });

  test("after the tenth the task ends as NoProgress, and after the ninth it does not", async () => {
    const script = [...turns(idleTurnsFailAfter, tryIt), answer("never asked")];
    const stuck = new AgentWorld({ script, spec: { tools: [failing.tool] } });
    await stuck.deliver();
    expect(stuck.failure()).toMatchObject({
      name: "NoProgress",
      message: expect.stringContaining("in 10 turns in a row every call failed"),
    });
    expect(stuck.model.requests).toHaveLength(idleTurnsFailAfter);

    const late = [...turns(idleTurnsFailAfter - 1, tryIt), answer("just in time")];
    const world = new AgentWorld({ script: late, spec: { tools: [failing.tool] } });
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test("one call that brings something begins the count anew", async () => {
    const works = countingTool("look", "readOnly", (n) => `news ${n}`);
    const mixed = (n: number): AssistantBlock[] =>
      n % 4 === 0 ? [tryIt(n), call("look", { n }, `look-${n}`)] : [tryIt(n)];
    const script = Array.from({ length: 20 }, (_, index) => turn(mixed(index + 1)));
    const world = new AgentWorld({
      script: [...script, answer("ok")],
      spec: { tools: [failing.tool, works.tool] },
    });
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
    expect(JSON.stringify(world.model.requests.at(-1))).not.toContain("NO_PROGRESS");
  });

  test("a call that was made before and brings the same again is nothing new, in whatever order", async () => {
    const same = countingTool("look", "readOnly", () => "as ever");
    // Never thrice in a row, so that the other guard sees nothing.
    const look = (n: number): AssistantBlock => call("look", { n: n % 3 }, `look-${n}`);
    const world = new AgentWorld({ script: turns(20, look), spec: { tools: [same.tool] } });
    await world.deliver();
    expect(world.failure()?.name).toBe("NoProgress");
    expect(world.model.requests).toHaveLength(3 + idleTurnsFailAfter);
    expect(world.shown("look-7")?.content).toBe("as ever");
    expect(world.shown("look-8")).toMatchObject({
      content: expect.stringMatching(/^NO_PROGRESS.*\n\nas ever$/s),
    });
  });

  test("the same call with another result is progress: the world has changed", async () => {
    const changing = countingTool("look", "readOnly", (n) => `state ${n}`);
    const look = (n: number): AssistantBlock => call("look", { n: n % 2 }, `look-${n}`);
    const world = new AgentWorld({
      script: [...turns(15, look), answer("it is there")],
      spec: { tools: [changing.tool] },
    });
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test("a successor counts what its predecessor did", async () => {
    const script = [...turns(idleTurnsFailAfter, tryIt), answer("never asked")];
    const world = new AgentWorld({ script, spec: { tools: [failing.tool] } });
    world.remaining(40_000);
    for (let n = 1; n < idleTurnsFailAfter; n++) await world.deliver(`m${n}`);
    expect(world.record().status).toBe("SCHEDULED");
    await world.deliver("last");
    await world.deliver("and again");
    expect(world.failure()?.name).toBe("NoProgress");
  });
});
