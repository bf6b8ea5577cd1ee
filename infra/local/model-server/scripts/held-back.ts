import { handoff, listFiles, report } from "../calls.ts";
import { rateLimited } from "../faults.ts";
import { defineScript } from "../script.ts";

/** The planner is told to come back in three seconds, while the critic is between two turns. */
export const heldBack = defineScript({
  name: "held-back",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff("parallel", [
            { agent: "planner", task: `Plan it. ${marker}` },
            { agent: "critic", task: `Judge it. ${marker}` },
          ]),
        ],
      }),
      (context) => ({ text: report(context) }),
    ],
    planner: [{ faults: [rateLimited(3)], text: "Waited, then planned." }],
    critic: [{ calls: [listFiles()], latencyMs: 1_000 }, { text: "Waited as well." }],
  },
});
