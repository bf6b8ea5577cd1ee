import { handoff, report } from "../calls.ts";
import { defineScript, type TurnContext } from "../script.ts";

const padded = (text: string, { settings }: TurnContext): string =>
  text.padEnd(Number(settings["bytes"] ?? 0), " and so on");

/** The standard flow at its smallest: hand off to both, join, answer. `bytes`: least length of each answer. */
export const quick = defineScript({
  name: "quick",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff("parallel", [
            { agent: "planner", task: `Plan the work. ${marker}` },
            { agent: "critic", task: `Name the risks. ${marker}` },
          ]),
        ],
      }),
      (context) => ({ text: padded(`Done.\n${report(context)}`, context) }),
    ],
    planner: [(context) => ({ text: padded("First build it, then measure it.", context) })],
    critic: [(context) => ({ text: padded("Nobody has measured it yet.", context) })],
  },
});
