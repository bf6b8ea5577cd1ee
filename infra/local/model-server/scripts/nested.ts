import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** A handoff within a handoff: coder asks planner, planner asks critic, and back the same way. */
export const nested = defineScript({
  name: "nested",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff("single", [
            { agent: "planner", task: `Plan the cache, and have the plan checked. ${marker}` },
          ]),
        ],
      }),
      (context) => ({ text: `Planned and checked.\n${report(context)}` }),
    ],
    planner: [
      ({ marker }) => ({
        calls: [
          handoff("single", [{ agent: "critic", task: `What is wrong with caching for an hour? ${marker}` }]),
        ],
      }),
      (context) => ({ text: `Cache for a minute, not an hour. ${report(context)}` }),
    ],
    critic: [{ text: "After a change of price, an hour of wrong prices." }],
  },
});
