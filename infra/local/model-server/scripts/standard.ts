import { readFileSync } from "node:fs";
import { answerOf, editFile, handoff, listFiles, quoted, readFile, writeFile } from "../calls.ts";
import { defineScript, type TurnContext } from "../script.ts";

const SOURCE = "src/rate-limiter.ts";
const TESTS = "test/rate-limiter.test.ts";
const PLAN = "docs/rollout.md";

/** The coder's first version, kept as files so that they are checked like all other code. */
const firstVersion = (path: string): string =>
  readFileSync(new URL(`./standard-files/${path}`, import.meta.url), "utf8");

/** The defect that the critic finds, and what the coder makes of it. */
export const FIX = {
  path: SOURCE,
  old: "const gained = Math.floor(((now - bucket.updatedAt) / 1000) * this.#refillPerSecond);",
  new: "const gained = ((now - bucket.updatedAt) / 1000) * this.#refillPerSecond;",
};

export const REGRESSION_TEST = {
  path: TESTS,
  old: 'test("one key\'s burst costs another key nothing", () => {',
  new: `test("asking more often than tokens come back starves nobody", () => {
  const { limiter, wait } = limiterAt({ capacity: 1, refillPerSecond: 5 });
  limiter.take("ann");
  const decisions = Array.from({ length: 8 }, () => {
    wait(50);
    return limiter.take("ann").allowed;
  });
  assert.deepEqual(decisions, [false, false, false, true, false, false, false, true]);
});

test("one key's burst costs another key nothing", () => {`,
};

const ROLLOUT = `## Rollout in four steps

1. **Shadow (day 1-3).** Call \`take\` on every request, log the decision, refuse nobody. Compare the
   keys that would have been refused with the customers we know; set capacity to the 99th
   percentile of real bursts, not to a round number.
2. **Refuse the loudest (day 4).** Enforce for the top 1% of keys by volume. Answer 429 with
   \`Retry-After\` from \`retryAfterMs\`, rounded up to whole seconds.
3. **Refuse everybody (day 6).** One flag, per route, read at each request, so that turning it off
   needs no deploy.
4. **Shared counts (only if needed).** With N instances a key gets up to N times its rate. If N
   changes often, move the buckets to a shared store behind the same \`take\`; until then divide
   \`refillPerSecond\` by N.

**Watch:** share of refused requests per key and route, number of buckets, p99 of \`take\`.
**Go back when:** more than 0.5% of all requests are refused, or one paying customer calls.`;

const RISKS = `1. **Starved clients (a defect, fix before release).** \`#refilled\` in ${SOURCE} rounds the gained
   tokens down to whole ones and still moves \`updatedAt\` to now, so the fraction is lost at each
   look. With 5 tokens a second, a client that asks every 50 ms gains floor(0.25) = 0 each time
   and never gets in again, although it is owed five tokens a second. The tests miss it, because
   they only wait for whole tokens. Keep the fraction: drop the \`Math.floor\`.
2. **Memory grows with the number of keys (high).** A bucket stays until \`sweep()\`. If the key is a
   client address, an attacker chooses how many there are. Sweep on a timer and alarm on the count.
3. **A restart is a free burst (medium).** Buckets live in the process; after a deploy every key is
   full again. Deploy in waves, or accept it and say so.
4. **A cost above the capacity throws (low).** That is right for a constant, but a cost computed
   from a request body turns a large body into a 500. Check it where it is computed.`;

/**
 * What every newcomer sees, and the answer to any request without a marker: the coder builds a
 * rate limiter, has it planned and judged at the same time, mends what the critic found, writes
 * down the plan and reports. The files work, the defect is real, and so is the fix.
 */
export const standard = defineScript({
  name: "standard",
  agents: {
    coder: [
      {
        text: "I'll write the limiter as one small class with an injected clock, so that its tests need no waiting, and a README that says what it does not do.",
        calls: [SOURCE, TESTS, "README.md"].map((path) => writeFile(path, firstVersion(path))),
        latencyMs: 900,
      },
      {
        text: "Let me read it once more as a stranger would, before others have to.",
        calls: [listFiles(), readFile(SOURCE)],
        latencyMs: 500,
      },
      ({ marker }) => ({
        text: "It reads well to me, which is exactly when somebody else should look. Planner and Critic can work at the same time: one on how to bring it out, one on what can go wrong.",
        calls: [
          handoff("parallel", [
            {
              agent: "planner",
              task: `Plan how to bring this rate limiter into a public HTTP API that runs on several instances. Steps with dates, what to watch, and when to go back. ${marker}`.trim(),
              context:
                "The API has about 2,000 keys; today nothing limits them. A wrong refusal costs more than a late one.",
              artifacts: [SOURCE, "README.md"],
            },
            {
              agent: "critic",
              task: `Find what is wrong with this rate limiter: defects first, each with the line and an input that shows it, then risks in operation. ${marker}`.trim(),
              context: "I cannot run the tests here. Read them as well, and look for what they do not try.",
              artifacts: [SOURCE, TESTS],
            },
          ]),
        ],
        latencyMs: 700,
      }),
      (context) => ({
        text: "The critic is right: the fraction must not be lost. I'll mend it, add the test that would have caught it, and put the plan where it will be found.",
        calls: [
          editFile(FIX.path, FIX.old, FIX.new),
          editFile(REGRESSION_TEST.path, REGRESSION_TEST.old, REGRESSION_TEST.new),
          writeFile(PLAN, `# Bringing out the rate limiter\n\n${answerOf(context, "planner")}\n`),
        ],
        latencyMs: 800,
      }),
      (context) => ({ text: finalAnswer(context), latencyMs: 900 }),
    ],
    planner: [
      {
        text: "First the code, then the plan: what it cannot do decides the steps.",
        calls: [readFile(SOURCE), readFile("README.md")],
        latencyMs: 600,
      },
      { text: ROLLOUT, latencyMs: 900 },
    ],
    critic: [
      {
        text: "I'll read the code against its tests and look for the inputs that nobody tried.",
        calls: [readFile(SOURCE), readFile(TESTS)],
        latencyMs: 400,
      },
      { text: RISKS, latencyMs: 800 },
    ],
  },
});

const finalAnswer = (context: TurnContext): string => {
  const failed = context.lastToolResults.filter(({ isError }) => isError);
  const written =
    failed.length === 0
      ? "All changes are in."
      : `${failed.length} changes were refused: ${failed[0]?.content}`;
  return `The rate limiter is ready and reviewed. ${written}

**What there is:** \`${SOURCE}\` (a token bucket for each key, no timers, no dependencies), \`${TESTS}\` (seven tests on a clock that only moves when told) and \`README.md\`. Run \`node --test\`.

**What the Critic found, and what I did about it:**

${quoted(answerOf(context, "critic"))}

The first one was a defect of my first version: it is mended in \`#refilled\`, and the test "asking more often than tokens come back starves nobody" would fail without it. The others are about running it and went into the plan's "watch" list.

**How to bring it out, by the Planner** (also in \`${PLAN}\`):

${quoted(answerOf(context, "planner"))}`;
};
