import { isIP } from "node:net";

export type CheckedUrl =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly problem: string };

const URL_CHARACTERS_MAX = 2_048;

/**
 * An address that may be asked for: https, a name on one of the domains, nothing else in it. The parser of
 * the platform has turned odd spellings of IPv4 addresses (`2130706433`, `0x7f.1`) into plain ones by then.
 */
export const checkUrl = (text: string, domains: readonly string[], base?: URL): CheckedUrl => {
  const forbidden = (problem: string): CheckedUrl => ({ ok: false, problem });
  if (text.length > URL_CHARACTERS_MAX) return forbidden(`is longer than ${URL_CHARACTERS_MAX} characters`);
  const url = URL.parse(text, base?.href);
  if (url === null) return forbidden("is no complete address such as https://example.com/page");
  if (url.protocol !== "https:") return forbidden("must begin with https://");
  if (url.username !== "" || url.password !== "") return forbidden("must not hold a user or a password");
  if (url.port !== "") return forbidden("must not name a port");
  const { hostname } = url;
  if (isIP(hostname) !== 0 || hostname.startsWith("["))
    return forbidden("must name a host, not an IP address");
  if (hostname.endsWith(".")) return forbidden("must not end its host in a dot");
  if (!domains.some((domain) => isOn(hostname, domain))) {
    return forbidden(`is on none of the allowed domains (${domains.join(", ")})`);
  }
  url.hash = "";
  return { ok: true, url };
};

const isOn = (hostname: string, domain: string): boolean =>
  domain.startsWith("*.") ? hostname.endsWith(domain.slice(1)) : hostname === domain;
