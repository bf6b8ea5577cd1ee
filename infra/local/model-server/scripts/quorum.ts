import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** One answer of two is enough, and the critic refuses. `quorum`: how many are needed. */
export const quorum = defineScript({
  name: "quorum",
  agents: {
    coder: [
      ({ marker, settings }) => ({
        calls: [
          handoff(
            "parallel",
            [
              { agent: "planner", task: `Plan it. ${marker}` },
              { agent: "critic", task: `Judge it. ${marker}` },
            ],
            { onFailure: { quorum: Number(settings["quorum"] ?? 1) } },
          ),
        ],
      }),
      (context) => ({ text: `The quorum has spoken.\n${report(context)}` }),
    ],
    planner: [{ text: "One plan is enough." }],
    critic: [{ text: "I will not", stopReason: "refusal" }],
  },
});
