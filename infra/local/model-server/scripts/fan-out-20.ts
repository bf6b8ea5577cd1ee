import { answersOf, handoff } from "../calls.ts";
import { defineScript, type TurnContext } from "../script.ts";

/** Many branches, each with a task of its own. `branches`: how many; `ms`: how long each takes. */
export const fanOut20 = defineScript({
  name: "fan-out-20",
  agents: {
    coder: [
      ({ marker, settings }) => ({
        calls: [
          handoff(
            "parallel",
            Array.from({ length: Number(settings["branches"] ?? 20) }, (_, index) => ({
              agent: index % 2 === 0 ? "planner" : "critic",
              task: `Look at part ${index + 1}. ${marker}`,
            })),
          ),
        ],
      }),
      (context) => {
        const answers = answersOf(context);
        const succeeded = answers.filter(({ status }) => status === "succeeded");
        const lines = answers.map(({ agent, status, text }) => `${agent} (${status}): ${text}`);
        return { text: `${succeeded.length} of ${answers.length} parts are done.\n${lines.join("\n")}` };
      },
    ],
    planner: [(context) => part(context)],
    critic: [(context) => part(context)],
  },
});

const part = ({ firstUserText, settings, agent }: TurnContext) => ({
  text: `${agent} has seen part ${/part (\d+)/.exec(firstUserText)?.[1] ?? "?"}.`,
  ...(settings["ms"] === undefined ? {} : { latencyMs: Number(settings["ms"]) }),
});
