import type { Random } from "../shared/ports/clock.ts";

/** What API Gateway says of a request (REST, v1), as far as we ask; absent in unit tests. */
export interface RequestContext {
  readonly requestId?: string;
  readonly identity?: {
    readonly apiKeyId?: string | null;
    readonly accountId?: string | null;
  };
}

/**
 * Whose executions these are. It comes from what the gateway has checked and never from the
 * request itself: the API key's id, the IAM account, or `default` where nobody is asked for either.
 */
export const tenantOf = (context: RequestContext | undefined): string =>
  context?.identity?.apiKeyId || context?.identity?.accountId || "default";

export const requestIdOf = (context: RequestContext | undefined, random: Random): string =>
  context?.requestId || Buffer.from(random.bytes(8)).toString("hex");
