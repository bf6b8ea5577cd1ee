import { resultLines } from "../calls.ts";
import { defineScript } from "../script.ts";

/** A tool that nobody has. `times`: in how many turns it is tried. */
export const unknownTool = defineScript({
  name: "unknown-tool",
  agents: {
    coder: (context) =>
      context.turn <= Number(context.settings["times"] ?? 1)
        ? { calls: [{ name: "deploy_to_production", input: { attempt: context.turn } }] }
        : { text: `The call was answered with:\n${resultLines(context.lastToolResults)}` },
  },
});
