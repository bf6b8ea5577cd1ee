import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import type { Fetched, Web, WebProblem } from "../ports/web.ts";
import { isPublicAddress } from "./public-address.ts";
import { readBody } from "./web-body.ts";
import { WebFailure } from "./web-failure.ts";
import { checkUrl } from "./web-url.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface WebClientOptions {
  /** All addresses of a host; default: the system's resolver. */
  readonly resolve?: (hostname: string) => Promise<readonly Address[]>;
  /** Of all of it, redirects and body included. */
  readonly timeoutMs?: number;
  /**
   * For tests, whose server is on this machine and may have no certificate: 127.0.0.1 counts as public, and
   * is asked on this port. No declaration of an agent leads here.
   */
  readonly loopback?: { readonly port: number; readonly isPlain: boolean };
}

const REDIRECTS_MAX = 3;
const TIMEOUT_MS = 10_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The web, for agents that are told by strangers where to look.
 *
 *   B1. A host is resolved once for each request, and the connection goes to an address that was checked:
 *       a second answer of its resolver is never asked for.
 *   B2. When one address of a host is not public, none of them is asked.
 *   B3. Every redirect is checked like the first address, and there are three at most.
 *   B4. Nothing is sent that the address does not say: no cookie, no key, no referrer, no connection of before.
 */
export const createWebClient = (options: WebClientOptions = {}): Web => ({
  get: async (text, { domains, signal }) => {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    try {
      return await follow(text, domains, AbortSignal.any([signal, timeout]), options);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WebFailure) return failed(error.code, error.message);
      if (timeout.aborted) {
        const seconds = (options.timeoutMs ?? TIMEOUT_MS) / 1000;
        return failed("FETCH_TIMEOUT", `there was no whole answer within ${seconds} seconds`);
      }
      const code = (error as NodeJS.ErrnoException)?.code ?? "";
      return failed("FETCH_FAILED", `the host could not be reached, or broke off${code && ` (${code})`}`);
    }
  },
});

const failed = (code: WebProblem, problem: string): Fetched => ({ ok: false, code, problem });

const follow = async (
  text: string,
  domains: readonly string[],
  signal: AbortSignal,
  options: WebClientOptions,
): Promise<Fetched> => {
  let checked = checkUrl(text, domains);
  for (let redirects = 0; ; redirects++) {
    if (!checked.ok) {
      const what = redirects === 0 ? "the address" : "the address of the redirect";
      throw new WebFailure("URL_FORBIDDEN", `${what} ${checked.problem}`);
    }
    const { url } = checked;
    const addresses = await publicAddresses(url.hostname, signal, options);
    const response = await ask(url, addresses, signal, options);
    const { statusCode = 0, headers } = response;
    if (!REDIRECTS.has(statusCode) || headers.location === undefined) {
      const { contentType, body } = await readBody(response, statusCode, signal);
      return { ok: true, url: url.href, contentType, text: body };
    }
    response.destroy();
    if (redirects === REDIRECTS_MAX) {
      throw new WebFailure("TOO_MANY_REDIRECTS", `there were more than ${REDIRECTS_MAX} redirects`);
    }
    checked = checkUrl(headers.location, domains, url);
  }
};

/** B1, B2. */
const publicAddresses = async (
  hostname: string,
  signal: AbortSignal,
  { resolve = (host) => lookup(host, { all: true }), loopback }: WebClientOptions,
): Promise<readonly Address[]> => {
  const addresses = await orAborted(resolve(hostname), signal);
  const isAllowed = ({ address }: Address): boolean =>
    isPublicAddress(address) || (loopback !== undefined && address === "127.0.0.1");
  if (addresses.length === 0) throw new WebFailure("FETCH_FAILED", `${hostname} has no address`);
  if (!addresses.every(isAllowed)) {
    throw new WebFailure("URL_FORBIDDEN", `${hostname} is an address that is not public`);
  }
  return addresses;
};

const ask = (
  url: URL,
  addresses: readonly Address[],
  signal: AbortSignal,
  { loopback }: WebClientOptions,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = (loopback?.isPlain === true ? plainRequest : tlsRequest)({
      hostname: url.hostname,
      port: loopback?.port ?? 443,
      path: `${url.pathname}${url.search}`,
      method: "GET",
      // Of its own, so that no connection to an address that somebody else checked is used again.
      agent: false,
      lookup: lookupOf(addresses),
      signal,
      headers: {
        host: url.host,
        accept: "text/html, text/*, application/json, application/xml;q=0.9",
        "accept-encoding": "gzip, br, deflate",
        "user-agent": "bulkhead-web-fetch",
      },
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end();
  });

/** Node asks this instead of a resolver; it says what was checked, whatever it is asked. */
const lookupOf =
  (addresses: readonly Address[]): LookupFunction =>
  (_, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };

const orAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
