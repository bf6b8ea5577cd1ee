import { handoff, writeFile } from "../calls.ts";
import { type Call, defineScript, type TurnContext } from "../script.ts";

const planner = { agent: "planner", task: "Plan it." };

const MISTAKES: ReadonlyArray<readonly [string, Call]> = [
  ["to itself", handoff("single", [{ agent: "coder", task: "Do it for me." }])],
  ["to nobody known", handoff("single", [{ agent: "plannner", task: "Plan it." }])],
  ["to an empty list", handoff("parallel", [])],
  ["twice the same", handoff("parallel", [planner, planner])],
  ["two targets of a single", handoff("single", [planner, { agent: "critic", task: "Judge it." }])],
  ["quorum too large", handoff("parallel", [planner], { onFailure: { quorum: 2 } })],
  ["negative deadline", handoff("single", [planner], { deadlineSeconds: -1 })],
  ["deadline in words", handoff("single", [planner], { deadlineSeconds: "soon" })],
  ["deadline of 400 days", handoff("single", [planner], { deadlineSeconds: 400 * 86_400 })],
  [
    "101 branches",
    handoff(
      "parallel",
      Array.from({ length: 101 }, (_, index) => ({ agent: "planner", task: `Plan part ${index + 1}.` })),
    ),
  ],
];

/** One mistake a turn, beside a call that works; then an answer that says what each error said. */
export const badHandoffs = defineScript({
  name: "bad-handoffs",
  agents: {
    coder: (context) => {
      const mistake = MISTAKES[context.turn - 1];
      if (mistake === undefined) return { text: `I have learned:\n${lessons(context)}` };
      return { calls: [mistake[1], writeFile(`notes/${context.turn}.md`, `Tried: ${mistake[0]}\n`)] };
    },
  },
});

const lessons = (context: TurnContext): string =>
  MISTAKES.map(
    ([name], index) => `${name}: ${context.toolResultsOf(index + 1)[0]?.content ?? "no result"}`,
  ).join("\n");
