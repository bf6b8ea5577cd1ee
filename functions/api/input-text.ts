import { LIMITS } from "../shared/contracts/limits.ts";
import { ApiProblem } from "./problems.ts";

/** Whatever is not a character of XML 1.0, which SQS speaks: most controls, lone surrogates, U+FFFE, U+FFFF. */
const REFUSED_BY_SQS = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/**
 * The input as the whole system will see it. Scrubbed here, once, at the only door: lone surrogates
 * have no UTF-8 form, so any store or queue behind us would alter or refuse them. Each such
 * character becomes U+FFFD. Throws `INPUT_TOO_LARGE` above `inputBytesMax` and `INVALID_INPUT`
 * when nothing is left to work on.
 */
export const acceptInput = (input: string): string => {
  const text = scrubbed(input);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.inputBytesMax) {
    const detail = `input must be at most ${LIMITS.inputBytesMax} bytes of UTF-8; got ${bytes}`;
    throw new ApiProblem("INPUT_TOO_LARGE", detail, { path: "input" });
  }
  if (text.trim() === "") {
    throw new ApiProblem("INVALID_INPUT", "input must hold more than white space", { path: "input" });
  }
  return text;
};

/** A text as every store and queue behind us can carry it. */
export const scrubbed = (text: string): string => text.replaceAll(REFUSED_BY_SQS, "\ufffd");
