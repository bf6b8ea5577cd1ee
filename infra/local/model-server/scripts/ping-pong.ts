import { handoff, report } from "../calls.ts";
import { defineScript, type Turn, type TurnContext } from "../script.ts";

/** Coder and planner hand the same task to each other; who is stopped says by what. `vary=yes`: in other words each time. */
export const pingPong = defineScript({
  name: "ping-pong",
  agents: {
    coder: (context) => passOn(context, "planner"),
    planner: (context) => passOn(context, "coder"),
  },
});

const passOn = (context: TurnContext, to: string): Turn =>
  context.turn === 1
    ? { calls: [handoff("single", [{ agent: to, task: taskOf(context) }])] }
    : { text: `${context.agent} heard: ${report(context)}` };

const taskOf = ({ settings, firstUserText, marker }: TurnContext): string => {
  const round = Number(/round (\d+)/.exec(firstUserText)?.[1] ?? 0) + 1;
  return `Decide who decides${settings["vary"] === undefined ? "" : `, round ${round}`}. ${marker}`;
};
