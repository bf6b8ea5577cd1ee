import { LIMITS } from "../contracts/limits.ts";
import type { Hint, Work } from "../contracts/messages.ts";
import { assert } from "../kernel/assert.ts";

/** SQS: 12 hours. */
const VISIBILITY_SECONDS_MAX = 43_200;

/** The text of a message: ids only, so that its size is known before. */
export const messageBody = (message: Hint | Work): string => {
  const body = JSON.stringify(message);
  assert(Buffer.byteLength(body) <= LIMITS.messageBytesMax, `a message of ${body.length} characters`);
  return body;
};

/** SQS refuses what lies outside; some emulators do not. */
export const assertDelay = (seconds: number): void =>
  assert(isWholeWithin(seconds, LIMITS.delaySecondsMax), `a message delayed by ${seconds} s`);

export const assertVisibility = (seconds: number): void =>
  assert(isWholeWithin(seconds, VISIBILITY_SECONDS_MAX), `a message hidden for ${seconds} s`);

const isWholeWithin = (value: number, max: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= max;
