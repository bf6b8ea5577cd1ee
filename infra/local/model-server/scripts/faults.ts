import { listFiles } from "../calls.ts";
import { cut, overloaded, silentEnd } from "../faults.ts";
import { defineScript } from "../script.ts";

const ANSWER = "It works after all, and nothing was lost on the way.";

/** Everything that can pass: overload, a cut stream, a silent end. Then the answer. */
export const faults = defineScript({
  name: "faults",
  agents: {
    coder: [
      { faults: [overloaded(), cut()], text: "A look around first.", calls: [listFiles()] },
      { faults: [silentEnd()], text: ANSWER },
    ],
  },
});
