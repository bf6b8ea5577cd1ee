import { handoff, report } from "../calls.ts";
import { rateLimited } from "../faults.ts";
import { defineScript } from "../script.ts";

const STORM = [rateLimited(1), rateLimited(1)];

/** Every agent is rate-limited twice, with a word on when to come back; then all goes well. */
export const storm = defineScript({
  name: "storm",
  agents: {
    coder: [
      ({ marker }) => ({
        faults: STORM,
        calls: [
          handoff("parallel", [
            { agent: "planner", task: `Plan it. ${marker}` },
            { agent: "critic", task: `Judge it. ${marker}` },
          ]),
        ],
      }),
      (context) => ({ faults: [rateLimited(1)], text: `The storm is over.\n${report(context)}` }),
    ],
    planner: [{ faults: STORM, text: "Wait, then go." }],
    critic: [{ faults: STORM, text: "Waiting was right." }],
  },
});
