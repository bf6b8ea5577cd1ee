import { answersOf, handoff, report, resultLines } from "../../infra/local/model-server/calls.ts";
import { rateLimited } from "../../infra/local/model-server/faults.ts";
import { defineScript, type Script, type TurnContext } from "../../infra/local/model-server/script.ts";

const ESTIMATE = '{"days":3,"risks":["rain"]}';
const MISFIT = '{"days":"three","risks":[]}';

/** What the agents beside this file say. They are started by name: `agent` in the request. */
export const TEAM_SCRIPTS: readonly Script[] = [
  /** Everything that the researcher may and may not reach. */
  defineScript({
    name: "consult",
    agents: {
      researcher: [
        {
          calls: [
            { name: "docs__search", input: { query: "queues" } },
            { name: "docs__fail", input: {} },
            { name: "docs__structured", input: {} },
            { name: "web_fetch", input: { url: "http://docs.example.com/queues" } },
            { name: "web_fetch", input: { url: "https://169.254.169.254/latest/meta-data" } },
            { name: "web_fetch", input: { url: "https://docs.example.com:8443/queues" } },
            { name: "web_fetch", input: { url: "https://elsewhere.example.com/" } },
          ],
        },
        ({ lastToolResults }) => ({ text: resultLines(lastToolResults) }),
      ],
    },
  }),

  defineScript({
    name: "publishing",
    agents: {
      operator: [
        { calls: [{ name: "publish", input: { text: "Hello, world" } }] },
        ({ lastToolResults: [result] }) => ({ text: `It said: ${result?.content}` }),
      ],
    },
  }),

  /** `wrong`: so many answers do not fit before one does. Asked first, the operator has `parts` estimated at once. */
  defineScript({
    name: "estimate",
    agents: {
      operator: [(context) => inParallel("estimator", context), (context) => ({ text: report(context) })],
      estimator: ({ turn, settings }) => ({
        text: turn <= Number(settings["wrong"] ?? 0) ? MISFIT : ESTIMATE,
      }),
    },
  }),

  /** `seconds`: after how many the provider asks the estimator to come back, if it is to. */
  defineScript({
    name: "sent-away",
    agents: {
      estimator: ({ settings: { seconds } }) => ({
        text: ESTIMATE,
        ...(seconds === undefined ? {} : { faults: [rateLimited(Number(seconds))] }),
      }),
    },
  }),

  /** The operator has `parts` counted at once. */
  defineScript({
    name: "count",
    agents: {
      operator: [
        (context) => inParallel("metered", context),
        (context) => ({ text: `${answersOf(context).length} parts were counted.\n${report(context)}` }),
      ],
      metered: [{ text: "Twelve." }],
    },
  }),

  defineScript({
    name: "sign",
    agents: {
      operator: [
        ({ marker }) => ({ calls: [handoff("single", [{ agent: "signer", task: `Sign it. ${marker}` }])] }),
        (context) => ({ text: report(context) }),
      ],
      signer: [{ text: "Signed." }],
    },
  }),
];

const inParallel = (agent: string, { marker, settings }: TurnContext) => ({
  calls: [
    handoff(
      "parallel",
      Array.from({ length: Number(settings["parts"] ?? 2) }, (_, index) => ({
        agent,
        task: `Part ${index + 1}. ${marker}`,
      })),
    ),
  ],
});
