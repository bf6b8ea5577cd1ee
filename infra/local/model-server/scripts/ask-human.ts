import { askHuman } from "../calls.ts";
import { defineScript } from "../script.ts";

/** The coder asks a person and says what they answered. `deadline`: how many seconds it waits. */
export const askHumanScript = defineScript({
  name: "ask-human",
  agents: {
    coder: [
      ({ settings }) => ({
        text: "Two ways are open, and they cost differently.",
        calls: [
          askHuman("Which store shall the limiter use?", {
            context: "Redis is faster and has to be run; the table is there already.",
            options: ["Redis", "the table"],
            ...(settings["deadline"] === undefined ? {} : { deadlineSeconds: Number(settings["deadline"]) }),
          }),
        ],
      }),
      ({ lastToolResults: [answer] }) => ({
        text:
          answer?.isError === true
            ? `Nobody was there, so I took the table. (${answer.content})`
            : `As you said: ${answer?.content}`,
      }),
    ],
  },
});
