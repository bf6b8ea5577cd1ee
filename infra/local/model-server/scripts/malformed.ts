import { resultLines, writeFile } from "../calls.ts";
import { malformedInput } from "../faults.ts";
import { defineScript } from "../script.ts";

/** A tool call whose input breaks off in mid-JSON; the model reads the error and answers. */
export const malformed = defineScript({
  name: "malformed",
  agents: {
    coder: [
      { faults: [malformedInput()], calls: [writeFile("src/main.ts", "export const answer = 42;\n")] },
      (context) => ({ text: `The call was answered with:\n${resultLines(context.lastToolResults)}` }),
    ],
  },
});
