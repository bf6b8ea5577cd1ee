import { writeFile } from "../calls.ts";
import { defineScript } from "../script.ts";

/** More calls in one turn than are allowed. `calls`: how many. */
export const manyCalls = defineScript({
  name: "many-calls",
  agents: {
    coder: [
      ({ settings }) => ({
        calls: Array.from({ length: Number(settings["calls"] ?? 64) }, (_, index) =>
          writeFile(`parts/${index + 1}.txt`, `part ${index + 1}\n`),
        ),
      }),
      (context) => {
        const refused = context.lastToolResults.filter(({ isError }) => isError);
        return {
          text: `${context.lastToolResults.length - refused.length} calls ran, ${refused.length} were refused.\n${refused[0]?.content ?? ""}`,
        };
      },
    ],
  },
});
