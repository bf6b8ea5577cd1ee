import type { Random } from "../shared/ports/clock.ts";

/** What API Gateway says of a request (REST, v1), as far as we ask; absent in unit tests. */
export interface RequestContext {
  readonly requestId?: string;
  readonly identity?: {
    readonly apiKeyId?: string | null;
    readonly accountId?: string | null;
    /** With IAM: the user or the assumed role with its session. */
    readonly userArn?: string | null;
  };
}

/**
 * Whose executions these are. It comes from what the gateway has checked and never from the
 * request itself: the API key's id, the IAM account, or `default` where nobody is asked for either.
 */
export const tenantOf = (context: RequestContext | undefined): string =>
  context?.identity?.apiKeyId || context?.identity?.accountId || "default";

/** Who it is that asks, as closely as the gateway knows. Recorded, and never a reason to allow anything. */
export const callerOf = (context: RequestContext | undefined): string =>
  context?.identity?.userArn || tenantOf(context);

export const requestIdOf = (context: RequestContext | undefined, random: Random): string =>
  context?.requestId || Buffer.from(random.bytes(8)).toString("hex");
