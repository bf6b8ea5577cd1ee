import { answersOf, handoff } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The planner answers far more than fits a tool result. `bytes`: how much. */
export const bigAnswer = defineScript({
  name: "big-answer",
  agents: {
    coder: [
      ({ marker }) => ({
        calls: [handoff("single", [{ agent: "planner", task: `Write it all down. ${marker}` }])],
      }),
      (context) => ({
        text: answersOf(context)
          .map(
            ({ agent, status, text, path = "nowhere" }) =>
              `${agent} (${status}) answered; I was shown ${text.length} characters, the whole is in ${path}: ${text.slice(0, 300)}`,
          )
          .join("\n"),
      }),
    ],
    planner: [
      ({ settings }) => {
        const bytes = Number(settings["bytes"] ?? 600 * 1024);
        const line = "Step by step, and every step is written down in full.\n";
        return { text: line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes) };
      },
    ],
  },
});
