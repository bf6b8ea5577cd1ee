import { emptyAnswer } from "../faults.ts";
import { defineScript } from "../script.ts";

/** A whole message without content, on every try. */
export const empty = defineScript({
  name: "empty",
  agents: { coder: [{ faults: Array.from({ length: 100 }, emptyAnswer) }] },
});
