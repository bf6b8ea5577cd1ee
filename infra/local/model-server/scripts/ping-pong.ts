import { handoff, report } from "../calls.ts";
import { defineScript, type Turn, type TurnContext } from "../script.ts";

const SAME_TASK = "Decide who decides.";

/** Coder and planner hand the same task to each other; whoever is stopped says by what. */
export const pingPong = defineScript({
  name: "ping-pong",
  agents: {
    coder: (context) => passOn(context, "planner"),
    planner: (context) => passOn(context, "coder"),
  },
});

const passOn = (context: TurnContext, to: string): Turn =>
  context.turn === 1
    ? { calls: [handoff("single", [{ agent: to, task: `${SAME_TASK} ${context.marker}` }])] }
    : { text: `${context.agent} heard: ${report(context)}` };
