import type { WebProblem } from "../ports/web.ts";

/** Why a page was not read, in words for whoever asked for it; never leaves the web client. */
export class WebFailure extends Error {
  readonly code: WebProblem;
  constructor(code: WebProblem, message: string) {
    super(message);
    this.code = code;
  }
}
