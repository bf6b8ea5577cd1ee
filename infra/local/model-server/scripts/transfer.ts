import { handoff } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The planner takes over; what it answers is the coder's answer. */
export const transfer = defineScript({
  name: "transfer",
  agents: {
    coder: [
      ({ marker }) => ({
        text: "This is a question of planning, not of code.",
        calls: [
          handoff("transfer", [{ agent: "planner", task: `Take over: plan the migration. ${marker}` }]),
        ],
      }),
    ],
    planner: [{ text: "Migrate in three steps: write both, read new, drop old." }],
  },
});
