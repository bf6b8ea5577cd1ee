import { refusal } from "../faults.ts";
import { defineScript } from "../script.ts";

/** The model declines, on every try. */
export const refused = defineScript({
  name: "refused",
  agents: { coder: [{ faults: Array.from({ length: 100 }, refusal), text: "I would rather not say." }] },
});
