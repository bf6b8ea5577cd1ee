import { createHash } from "node:crypto";
import type { ExecutionId } from "../shared/contracts/ids.ts";
import type { Random } from "../shared/ports/clock.ts";

/** Crockford's base32: no I, L, O, U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS = 26;

/** Sorts by creation: 48 bits of milliseconds, then 80 unguessable bits. */
export const newExecutionId = (now: number, random: Random): ExecutionId => {
  const time = BigInt(now) << 80n;
  return base32(time | BigInt(`0x${Buffer.from(random.bytes(10)).toString("hex")}`));
};

/** The same id for the same tenant and `Idempotency-Key`, for ever; another tenant's key is another id. */
export const executionIdOfKey = (tenant: string, key: string): ExecutionId => {
  const digest = createHash("sha256")
    .update(JSON.stringify(["execution", tenant, key]))
    .digest("hex");
  return base32(BigInt(`0x${digest}`) >> BigInt(256 - 5 * CHARACTERS));
};

const base32 = (bits: bigint): string => {
  let text = "";
  for (let n = 0; n < CHARACTERS; n++) text = ALPHABET[Number((bits >> BigInt(5 * n)) & 31n)] + text;
  return text;
};
