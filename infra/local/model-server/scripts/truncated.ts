import { truncation } from "../faults.ts";
import { defineScript } from "../script.ts";

/** The answer is cut off by max_tokens, on every try. */
export const truncated = defineScript({
  name: "truncated",
  agents: {
    coder: [
      { faults: Array.from({ length: 100 }, truncation), text: "The first half, and the second half." },
    ],
  },
});
