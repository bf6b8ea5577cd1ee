import { LIMITS } from "../contracts/limits.ts";
import type { Hint, Work } from "../contracts/messages.ts";
import { assert } from "../kernel/assert.ts";

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
  assert(isWholeWithin(seconds, LIMITS.hiddenSecondsMax), `a message hidden for ${seconds} s`);

const isWholeWithin = (value: number, max: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= max;
