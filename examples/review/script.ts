import { answerOf, handoff, readFile, searchFiles, writeFile } from "../../infra/local/model-server/calls.ts";
import { defineScript, type TurnContext } from "../../infra/local/model-server/script.ts";

const DESIGN = "docs/design.md";
const REVIEW = "docs/review.md";

/** The words that each finding rests on, in the order of the searches for them. */
const QUOTES = [
  "in the memory of the web process",
  "waits for the response",
  "a limit is not needed",
  "begins with `http://`",
  "sha256(secret + body)",
  "We log the URL",
] as const;

const WAY_OUT = `**Decision.** An outbox table in the database that already commits the change: the event is a row of the
same transaction, so it exists exactly when the change does. Not chosen: a message broker, which would be
right at ten times the volume and would cost the week by itself.

1. Table \`webhook_outbox (id, account, endpoint, body, next_try_at, tries)\`, one row for each endpoint;
   done when killing the web process between commit and send loses nothing.
2. Four workers that claim due rows with \`for update skip locked\`, ten seconds per request; done when an
   endpoint that never answers delays no other account.
3. Back-off 1 s, doubled, at most an hour, given up after three days with a mail to the customer; done when a
   dead endpoint costs fewer than 100 requests.
4. Dashboards for the age of the oldest due row and for failures by endpoint.

At 400 events a second and 1 KB this is 1.4 million rows an hour: delete on success, or partition by day.`;

/**
 * Coder sees that there is nothing to build and gives the task away; Critic reads the design, asks
 * Planner for a way out of the worst finding, writes the review and answers in Coder's place.
 */
export const review = defineScript({
  name: "review",
  agents: {
    coder: [
      ({ marker, firstUserText }) => ({
        text: "This asks for a judgement, not for code: it belongs to the Critic.",
        calls: [
          handoff("transfer", [
            {
              agent: "critic",
              task: `${firstUserText.replace(marker, "").trim()} ${marker}`.trim(),
              artifacts: [DESIGN],
            },
          ]),
        ],
        latencyMs: 400,
      }),
    ],
    critic: [
      { text: "First the whole page, as it stands.", calls: [readFile(DESIGN)], latencyMs: 500 },
      {
        text: "Now the places that my findings would rest on, so that each can be looked up.",
        calls: QUOTES.map((quote) => searchFiles(quote, "docs")),
        latencyMs: 600,
      },
      (context) => ({
        text: "Losing events in silence is the worst, and its cure is another design. That is the Planner's.",
        calls: [
          handoff("single", [
            {
              agent: "planner",
              task: `Give a way to deliver these webhooks that loses no event when a process dies, and that one slow endpoint cannot hold up. Two people must be able to build it in a week. Answer with the decision and its steps. ${context.marker}`,
              context: `The design keeps events in a list in memory (${placeOf(context, 0)}). Peak is 400 events a second.`,
              artifacts: [DESIGN],
            },
          ]),
        ],
        latencyMs: 700,
      }),
      (context) => ({
        text: "With a way out, the review is complete.",
        calls: [writeFile(REVIEW, `# Review of ${DESIGN}\n\n${reviewOf(context)}\n`, 0)],
        latencyMs: 700,
      }),
      (context) => ({ text: `${reviewOf(context)}\n\nThe review is in \`${REVIEW}\`.`, latencyMs: 600 }),
    ],
    planner: [
      { text: "What must survive decides where it is kept.", calls: [readFile(DESIGN)], latencyMs: 500 },
      { text: WAY_OUT, latencyMs: 700 },
    ],
  },
});

/** Where the nth quote stands, as the search of turn 2 found it: `docs/design.md:15`. */
const placeOf = (context: TurnContext, quote: number): string =>
  /^[^:\s]+:\d+/.exec(context.toolResultsOf(2)[quote]?.content ?? "")?.[0] ?? `${DESIGN}, not found`;

const reviewOf = (context: TurnContext): string => {
  const at = (quote: number): string => `\`${placeOf(context, quote)}\``;
  return `**Do not go.** As it stands, events are lost with every deploy, and anybody who may enter a URL reaches our
own network.

1. **Events die with the process.** ${at(0)}: a deploy, a crash or a full heap loses whatever is in the list,
   after the customer's change has been committed. Nobody notices, since nothing is measured. *Change:* below.
   *Sure:* certain.
2. **One slow endpoint stops everybody.** ${at(1)} and ${at(2)}: an endpoint that takes 30 seconds holds the
   only loop, and at 400 events a second the list grows by 12,000 meanwhile; one that always fails is asked
   once a second for ever. *Change:* a time limit, work side by side, back-off with an end. *Sure:* certain.
3. **Our own network can be reached.** ${at(3)} takes \`http://169.254.169.254/\` and \`http://localhost\` as
   well. *Change:* resolve, refuse private addresses, connect to the address that was checked. *Sure:* certain.
4. **The signature can be forged and replayed.** ${at(4)} is open to length extension, has no time in it, and
   the secret is the API key. *Change:* an HMAC over time and body with a secret of its own. *Sure:* certain.
5. **The log holds customers' data.** ${at(5)} keeps bodies, and a URL may carry a token. *Change:* log ids,
   status and duration. *Sure:* likely; it depends on who may read the log.

## A way out of the first, by the Planner

${answerOf(context, "planner")}`;
};
