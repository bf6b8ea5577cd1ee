import { defineScript } from "../script.ts";

/** Works on and on, each time on something else, until it is told that little is left of the budget. */
export const thrifty = defineScript({
  name: "thrifty",
  agents: {
    coder: ({ turn, lastUserText }) =>
      lastUserText.includes("<budget-notice>")
        ? { text: `Finished in time. I was told: ${lastUserText}` }
        : { calls: [{ name: "list_files", input: { prefix: `part-${turn}` } }] },
  },
});
