import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The critic refuses; the coder gets the planner's answer and the failure, in the declared order. */
export const failCollect = defineScript({
  name: "fail-collect",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff(
            "parallel",
            [
              { agent: "critic", task: `Judge it. ${marker}` },
              { agent: "planner", task: `Plan it. ${marker}` },
            ],
            { onFailure: "collect" },
          ),
        ],
      }),
      (context) => ({ text: `Going on with what came back.\n${report(context)}` }),
    ],
    planner: [{ text: "It can be done in a day." }],
    critic: [{ text: "I will not", stopReason: "refusal" }],
  },
});
