/**
 * A text from outside as a model is shown it: with where it is from, and so enclosed that the text
 * cannot pretend to have ended. That it is data is said once, in the system prompt; what a text can
 * bring about all the same is bounded by the agent's tools, which are checked when they are called.
 */
export const untrusted = (source: string, text: string): string =>
  [
    `<untrusted source="${source.replaceAll(/["<>\n]/g, "'")}">`,
    text.replaceAll(/<(?=\s*\/?\s*untrusted\b)/gi, "&lt;"),
    "</untrusted>",
  ].join("\n");
