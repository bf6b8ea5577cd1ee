import { createHmac, timingSafeEqual } from "node:crypto";
import { ApiProblem } from "./problems.ts";

/** The list that a token belongs to: it opens no other tenant's and no other filter's. */
export interface ListOf {
  readonly tenant: string;
  readonly status: string | undefined;
}

const MAC_BYTES = 16;

/** `next` of the store, signed. What it says is no secret; that it cannot be made up is the point. */
export const signPageToken = (next: string, list: ListOf, secret: string): string =>
  `${Buffer.from(next).toString("base64url")}.${macOf(next, list, secret).toString("base64url")}`;

/** Throws `INVALID_TOKEN` for a token that we did not sign for this list. */
export const openPageToken = (token: string, list: ListOf, secret: string): string => {
  const [body = "", mac = ""] = token.split(".");
  const next = Buffer.from(body, "base64url").toString();
  const given = Buffer.from(mac, "base64url");
  if (given.length === MAC_BYTES && timingSafeEqual(given, macOf(next, list, secret))) return next;
  throw new ApiProblem("INVALID_TOKEN", "page must be the `next` of this list's last page, unchanged", {
    path: "page",
  });
};

const macOf = (next: string, { tenant, status }: ListOf, secret: string): Buffer =>
  createHmac("sha256", secret)
    .update(JSON.stringify(["page", tenant, status ?? null, next]))
    .digest()
    .subarray(0, MAC_BYTES);
