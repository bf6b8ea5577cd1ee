import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The critic refuses at once, so the planner is stopped in its first call. `ms`: how long that would take. */
export const failFast = defineScript({
  name: "fail-fast",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff(
            "parallel",
            [
              { agent: "planner", task: `Plan it in detail. ${marker}` },
              { agent: "critic", task: `Judge it. ${marker}` },
            ],
            { onFailure: "fail-fast" },
          ),
        ],
      }),
      (context) => ({ text: `Stopped early.\n${report(context)}` }),
    ],
    planner: [
      ({ settings }) => ({ text: "A plan that comes too late.", latencyMs: Number(settings["ms"] ?? 8_000) }),
    ],
    critic: [{ text: "I will not", stopReason: "refusal" }],
  },
});
