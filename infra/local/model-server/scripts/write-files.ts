import { writeFile } from "../calls.ts";
import { defineScript, type TurnContext } from "../script.ts";

const CALLS_PER_TURN = 16;

/** Plain writing. `count`: how many files; `bytes`: how large each is. */
export const writeFiles = defineScript({
  name: "write-files",
  agents: {
    coder: (context) => {
      const count = Number(context.settings["count"] ?? 3);
      const bytes = Number(context.settings["bytes"] ?? 20);
      const first = (context.turn - 1) * CALLS_PER_TURN + 1;
      if (first > count) return { text: `${count} files asked for.\n${refusals(context)}` };
      const numbers = Array.from(
        { length: Math.min(CALLS_PER_TURN, count - first + 1) },
        (_, at) => first + at,
      );
      return { calls: numbers.map((n) => writeFile(`files/${n}.txt`, `file ${n}\n`.padEnd(bytes, "."))) };
    },
  },
});

const refusals = (context: TurnContext): string => {
  const results = Array.from({ length: context.turn - 1 }, (_, at) => context.toolResultsOf(at + 1)).flat();
  const refused = results.filter(({ isError }) => isError);
  return `${results.length - refused.length} written, ${refused.length} refused. ${refused[0]?.content ?? ""}`;
};
