import { handoff, report } from "../calls.ts";
import { defineScript } from "../script.ts";

/** A handoff to an agent that no script knows: it answers by echo. `to`: its name. */
export const researcherHandoff = defineScript({
  name: "researcher-handoff",
  agents: {
    coder: [
      ({ marker, settings }) => ({
        calls: [
          handoff("single", [
            { agent: settings["to"] ?? "researcher", task: `Find out what is known. ${marker}` },
          ]),
        ],
      }),
      (context) => ({ text: `The research is in.\n${report(context)}` }),
    ],
  },
});
