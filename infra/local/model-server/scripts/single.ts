import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** One agent is asked, and its answer comes back. */
export const single = defineScript({
  name: "single",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [handoff("single", [{ agent: "planner", task: `Plan the release. ${marker}` }])],
      }),
      (context) => ({ text: `The plan is in.\n${report(context)}` }),
    ],
    planner: [{ text: "Release on Tuesday, watch for a day, then remove the old path." }],
  },
});
