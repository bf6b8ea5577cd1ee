export type WebProblem =
  | "URL_FORBIDDEN"
  | "TOO_MANY_REDIRECTS"
  | "RESPONSE_TOO_LARGE"
  | "UNSUPPORTED_CONTENT"
  | "HTTP_STATUS"
  | "FETCH_TIMEOUT"
  | "FETCH_FAILED";

export type Fetched =
  | {
      readonly ok: true;
      /** Where the redirects, if any, led. */
      readonly url: string;
      /** `text/html`, without parameters. */
      readonly contentType: string;
      readonly text: string;
    }
  | { readonly ok: false; readonly code: WebProblem; readonly problem: string };

/** The public web as somebody sees it who may only look, and not everywhere. */
export interface Web {
  /**
   * The text at an https address on one of the domains (`docs.example.com`, or `*.example.com` for all below
   * it), as does every redirect on the way. No cookie, key or body is sent. Rejects only with the signal's
   * reason; never connects to an address that is not public, and never returns part of a text.
   */
  get(
    url: string,
    options: { readonly domains: readonly string[]; readonly signal: AbortSignal },
  ): Promise<Fetched>;
}
