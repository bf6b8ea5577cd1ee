import { errorEvent, serverError } from "../faults.ts";
import { defineScript } from "../script.ts";

const ANSWER = "It works after all, and nothing was lost on the way.";

/** What else can pass, for the model connection itself. */
export const moreFaults = defineScript({
  name: "more-faults",
  agents: {
    coder: [
      { faults: [serverError(), errorEvent("overloaded_error"), errorEvent("api_error")], text: ANSWER },
    ],
  },
});
