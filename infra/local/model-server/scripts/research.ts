import { handoff, report, resultLines } from "../calls.ts";
import { defineScript } from "../script.ts";

/** Coder asks the README's researcher, who searches an MCP server and notes a source with a tool of its own. */
export const research = defineScript({
  name: "research",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [
          handoff("single", [{ agent: "researcher", task: `What is known about bulkheads? ${marker}` }]),
        ],
      }),
      (context) => ({ text: `The research is in.\n${report(context)}` }),
    ],
    researcher: [
      {
        text: "First what the documents say.",
        calls: [{ name: "docs__search", input: { query: "bulkheads" } }],
      },
      {
        calls: [
          { name: "cite", input: { title: "Bulkheads", url: "https://docs.example.com/bulkheads" } },
          { name: "cite", input: { title: "Ships", url: "https://docs.example.com/ships" } },
        ],
      },
      ({ toolResultsOf }) => ({ text: [1, 2].map((turn) => resultLines(toolResultsOf(turn))).join("\n") }),
    ],
  },
});
