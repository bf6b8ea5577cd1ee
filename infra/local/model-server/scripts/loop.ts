import { listFiles } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The same call, for ever. */
export const loop = defineScript({
  name: "loop",
  agents: { coder: () => ({ text: "Let me look once more.", calls: [listFiles()] }) },
});
