import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The planner's model takes its time; the critic's does not. `ms`: how long. */
export const slowPlanner = defineScript({
  name: "slow-planner",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff("parallel", [
            { agent: "planner", task: `Think long and plan. ${marker}` },
            { agent: "critic", task: `Answer at once. ${marker}` },
          ]),
        ],
      }),
      (context) => ({ text: `Both are back.\n${report(context)}` }),
    ],
    planner: [
      ({ settings }) => ({ text: "Good things take time.", latencyMs: Number(settings["ms"] ?? 2_500) }),
    ],
    critic: [{ text: "That was quick." }],
  },
});
