import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "./api-error.ts";

/** A request as its signature covers it. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const SERVICE = "bedrock-mantle";
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([\w-]+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/;

/**
 * The access key id of who signed this request (Signature Version 4). Throws an ApiError 403 for a key
 * that is not known, a signature that does not fit, or one that leaves the host or the body out.
 */
export const signerOf = (
  request: SignedRequest,
  secretOf: (accessKeyId: string) => string | undefined,
): string => {
  const { headers, body } = request;
  const [, accessKeyId = "", day = "", region = "", service = "", names = "", signature = ""] =
    AUTHORIZATION.exec(headers.authorization ?? "") ?? [];
  const secret = secretOf(accessKeyId);
  if (secret === undefined) throw refused("the security token included in the request is invalid");
  if (service !== SERVICE) throw refused(`credential should be scoped to service ${SERVICE}`);
  const signed = names.split(";");
  if (!signed.includes("host")) throw refused("the host must be signed");
  const at = String(headers["x-amz-date"]);
  if (!at.startsWith(day)) throw refused("the date of the credential and of the request differ");
  if (headers["x-amz-security-token"] !== undefined && !signed.includes("x-amz-security-token"))
    throw refused("the security token must be signed");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", at, scope, sha256(canonical(request, signed, sha256(body)))].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (derived, part) => hmac(derived, part),
    `AWS4${secret}`,
  );
  if (hmac(key, text).toString("hex") !== signature) throw refused("the request signature does not match");
  return accessKeyId;
};

const canonical = (
  { method, path, headers }: SignedRequest,
  signed: readonly string[],
  bodyHash: string,
): string =>
  [
    method,
    path,
    "",
    ...signed.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replaceAll(/\s+/g, " ")}`,
    ),
    "",
    signed.join(";"),
    bodyHash,
  ].join("\n");

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

const refused = (message: string): ApiError => new ApiError(403, "permission_error", message);
