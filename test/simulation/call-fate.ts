import type { Chance } from "./chance.ts";
import type { Service } from "./outages.ts";
import type { Weather } from "./weather.ts";

/** What becomes of a call that has reached its service. */
export type Fate =
  | "well"
  | "crashBefore"
  | "crashAfter"
  | "freezeBefore"
  | "freezeAfter"
  | "failed"
  | "timedOut"
  /** It fails, and with it what else the service is asked for a while. */
  | "burst"
  | "appliedButFailed"
  | "appliedButRefused";

/** The fates after which a process cannot know what has happened, as the hunt counts them. */
export const DOUBTS: { readonly [F in Fate]?: string } = {
  failed: "failed",
  timedOut: "timed out",
  burst: "throttling burst",
  appliedButFailed: "applied but failed",
  appliedButRefused: "applied but refused",
};

/** One number decides among all fates that such a call can have. */
export const drawFate = (
  chance: Chance,
  rates: Weather,
  call: { readonly service: Service; readonly isRead: boolean; readonly isRetried: boolean },
): Fate => {
  const drawn = chance.fraction();
  let sum = 0;
  const falls = (rate: number): boolean => {
    sum += rate;
    return drawn < sum;
  };
  if (falls(rates.crash / 2)) return "crashBefore";
  if (falls(rates.crash / 2)) return "crashAfter";
  if (falls(rates.freeze / 2)) return "freezeBefore";
  if (falls(rates.freeze / 2)) return "freezeAfter";
  // A model or a tool has failures of its own.
  if (call.service === "model" || call.service === "tool") return "well";
  if (falls(rates.failed)) return "failed";
  if (falls(rates.timedOut)) return "timedOut";
  if (falls(rates.burst)) return "burst";
  if (call.isRead) return "well";
  if (falls(rates.appliedButFailed)) return "appliedButFailed";
  if (call.isRetried && falls(rates.appliedButRefused)) return "appliedButRefused";
  return "well";
};
