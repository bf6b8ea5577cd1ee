import type { AssistantBlock } from "../../functions/shared/contracts/model-message.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Said } from "./said-steps.ts";

/** What a model has said when it is cut. */
export const CUT_TEXT = "half a sen";

/** What no plan says, and models say all the same. */
export const drawOddity = (chance: Chance, faults: Faults): Said => {
  const note = (kind: string): void => faults.note(`model: ${kind}`);
  const key = (): string => `${chance.int(1, 1e6)}`;
  const call = (name: string, input: unknown, n = 0): AssistantBlock => ({
    type: "tool_use",
    id: `toolu_${chance.int(1, 1e9)}_${n}`,
    name,
    input,
  });
  const calls = (...content: AssistantBlock[]): Said => ({ content, stopReason: "tool_use" });
  const handoffTo = (agent: string): AssistantBlock =>
    call("handoff", { mode: "single", to: [{ agent, task: "do something" }] });
  switch (chance.int(0, 11)) {
    case 0:
      note("refusal");
      return { content: [], stopReason: "refusal" };
    case 1:
      note("empty");
      return { content: [], stopReason: "end_turn" };
    case 2:
      note("truncated");
      return { content: [{ type: "text", text: CUT_TEXT }], stopReason: "max_tokens" };
    case 3:
      note("unknown tool");
      return calls(call("open_door", {}));
    case 4:
      note("invalid arguments");
      return calls(call("publish", { kei: 1 }));
    case 5: {
      note("200 tool calls");
      const length = chance.hit(0.2) ? 200 : 20;
      return calls(...Array.from({ length }, (_, n) => call("look_up", { key: key() }, n)));
    }
    case 6:
      note("handoff to itself or nobody");
      return calls(handoffTo(chance.pick(["coder", "planner", "critic", ""] as const)));
    case 7:
      note("handoff to an unknown agent");
      return calls(handoffTo("kritik"));
    case 8:
      note("odd characters");
      return calls(call("publish", { key: `\uFFFF\uD800 ${key()}` }));
    case 9:
      note("pause");
      return { content: [{ type: "text", text: "wait" }], stopReason: "pause_turn" };
    case 10:
      note("big text");
      return calls(
        { type: "text", text: "y".repeat(chance.hit(0.02) ? 2 * 1024 * 1024 : 50_000) },
        call("set_flag", { key: key() }),
      );
    default:
      note("two calls with one id");
      return calls(
        { type: "tool_use", id: "toolu_same", name: "look_up", input: { key: key() } },
        { type: "tool_use", id: "toolu_same", name: "set_flag", input: { key: key() } },
      );
  }
};
