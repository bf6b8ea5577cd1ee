import { handoff, listFiles, report, writeFile } from "../calls.ts";
import { defineScript } from "../script.ts";

/** Two handoff calls beside two ordinary ones, all in one turn: each call gets its own answer. */
export const twoHandoffs = defineScript({
  name: "two-handoffs",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          writeFile("notes.md", "Ask both before going on.\n"),
          handoff("single", [{ agent: "planner", task: `Plan it. ${marker}`, artifacts: ["notes.md"] }]),
          listFiles(),
          handoff("single", [{ agent: "critic", task: `Doubt it. ${marker}`, artifacts: ["notes.md"] }]),
        ],
      }),
      (context) => ({ text: `Both have answered.\n${report(context)}` }),
    ],
    planner: [{ text: "Two steps will do." }],
    critic: [{ text: "The second step has no way back." }],
  },
});
