import { carryOut } from "../../functions/coordinator/carry-out.ts";
import { decide } from "../../functions/coordinator/core/decide.ts";
import { claimTask } from "../../functions/shared/agent/claim.ts";
import { conclude } from "../../functions/shared/agent/conclude.ts";

/** The code under search: what is deployed, or a copy with one fault to show that the search finds it. */
export interface Protocol {
  readonly decide: typeof decide;
  readonly carryOut: typeof carryOut;
  readonly claimTask: typeof claimTask;
  readonly conclude: typeof conclude;
}

export const PROTOCOL: Protocol = { decide, carryOut, claimTask, conclude };
