import { inAgent, inNewWorlds, type PlantedBug } from "./planted-bug.ts";

const bug = (name: string, file: string, find: string, replace: string): PlantedBug =>
  inAgent(name, "limiter", file, find, replace);

/** Only worlds of new seeds have limits that calls are counted against. */
const ofCounting = (name: string, find: string, replace: string): PlantedBug =>
  inNewWorlds(bug(name, "account-minute.ts", find, replace));

/** What agents of one provider account share. */
export const ACCOUNT_BUGS: readonly PlantedBug[] = [
  bug(
    "a 429 holds nobody back",
    "take-turn.ts",
    "    if (isRateLimited(error)) await run.limiter.hold(error.retryAfterSeconds);",
    "",
  ),
  bug(
    "an account that is held is called all the same",
    "provider-limiter.ts",
    "      if (waitMs === 0) return 0;",
    "      if (waitMs >= 0) return 0;",
  ),
  ofCounting(
    "a minute gives out more than there is",
    'limit === undefined ? [] : [{ path: [name], is: "atMost", value: limit - added }]',
    'limit === undefined || added > 0 ? [] : [{ path: [name], is: "atMost", value: limit - added }]',
  ),
  ofCounting(
    "a full minute is begun anew",
    "if (seen.window === undefined || seen.window < window) {",
    "if (seen.window === undefined || seen.window <= window) {",
  ),
  ofCounting(
    "a call is counted although its account is held",
    '          { path: ["heldUntil"], is: "missingOrAtMost", value: now() },\n          ...atMost("requests"',
    '          ...atMost("requests"',
  ),
  ofCounting(
    "a call is given back to the minute after it was made",
    '    add: [[["tokens"], Math.min(used, tokens) - tokens]],',
    '    add: [[["tokens"], -tokens], [["requests"], -1]],',
  ),
];
