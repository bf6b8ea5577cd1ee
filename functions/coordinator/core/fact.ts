import type { Failure } from "../../shared/contracts/failure.ts";
import type { Instant, TaskNumber } from "../../shared/contracts/ids.ts";
import type { Suspension } from "../../shared/contracts/task-record.ts";
import type { Usage } from "../../shared/contracts/usage.ts";

interface Seen {
  readonly task: TaskNumber;
  /** Of the record; a fact about another attempt than STATE's changes nothing. */
  readonly attempt: number;
}

interface Reported extends Seen {
  readonly turns: number;
  readonly usage: Usage;
}

/**
 * What one look at the table brought to light. Facts are about records, never about the
 * messages that led to them, so that doubling, reordering or losing messages changes no fact.
 */
export type Fact =
  | { readonly type: "Started" }
  | (Reported & { readonly type: "TaskSeenSucceeded"; readonly preview: string })
  | (Reported & { readonly type: "TaskSeenFailed"; readonly failure: Failure })
  | (Reported & { readonly type: "TaskSeenSuspended"; readonly suspension: Suspension })
  /** Not there yet, waiting in a queue, claimed, or waiting, until `leaseUntil`. */
  | (Seen & { readonly type: "TaskSeenOpen"; readonly leaseUntil?: Instant })
  /** The record is there but is no record that we know. */
  | { readonly type: "TaskSeenUnreadable"; readonly task: TaskNumber }
  /** PERMIT says `stopped`. */
  | { readonly type: "StopRequested"; readonly cause: string }
  /** P12: given only together with a fact of every open task. */
  | { readonly type: "ClockTicked" };

export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;
