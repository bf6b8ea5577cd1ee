import type { Item } from "../../functions/shared/contracts/item.ts";
import type { Hint, Work } from "../../functions/shared/contracts/messages.ts";
import type { ItemKey } from "../../functions/shared/contracts/resources.ts";
import type { Usage } from "../../functions/shared/contracts/usage.ts";
import type { ModelRequest } from "../../functions/shared/ports/model.ts";
import type { Delivery, Verdict } from "../../functions/shared/ports/queues.ts";
import type { Change } from "../../functions/shared/ports/store.ts";
import type { SimProcess } from "./sim-process.ts";
import { Violation } from "./violation.ts";

/** A write that was applied. */
export interface WriteSeen {
  readonly process: SimProcess;
  readonly key: ItemKey;
  /** Absent when the item was created. */
  readonly before: Item | undefined;
  readonly after: Item;
  readonly change: Change | undefined;
  readonly now: number;
}

export interface SendSeen {
  readonly process: SimProcess;
  readonly queue: string;
  readonly message: Hint | Work;
  readonly body: string;
  readonly now: number;
}

/** A model call that has reached the provider. `used` is what the provider bills for it. */
export interface ModelCallSeen {
  readonly process: SimProcess;
  readonly taskId: string;
  readonly request: ModelRequest;
  readonly used: Usage;
  readonly outcome: "answered" | "failed";
  /** The provider's word on when to come back. */
  readonly retryAfterSeconds: number | undefined;
  /** What the provider's adapter threw that no adapter should. */
  readonly isUnexpected: boolean;
  readonly now: number;
}

/** A tool that has begun to have its effect. */
export interface ToolRunSeen {
  readonly process: SimProcess;
  readonly tool: string;
  readonly effect: string;
  readonly callId: string;
}

/** One eye on a world: each method is called at the moment at which something has just become true. */
export interface Watch {
  wrote?(seen: WriteSeen): void;
  /** A conditional write that was not applied; without a change when it was to create the item. */
  refused?(process: SimProcess, key: ItemKey, change: Change | undefined): void;
  read?(process: SimProcess, key: ItemKey, item: Item | undefined, now: number): void;
  reached?(process: SimProcess, key: { readonly pk: string }, kind: string): void;
  sent?(seen: SendSeen): void;
  calledModel?(seen: ModelCallSeen): void;
  ranTool?(seen: ToolRunSeen): void;
  logged?(process: SimProcess, message: string, fields: Readonly<Record<string, unknown>>): void;
  delivered?(process: SimProcess, queue: string, delivery: Delivery): void;
  judged?(process: SimProcess, queue: string, delivery: Delivery, verdict: Verdict | undefined): void;
  ended?(process: SimProcess): void;
  /** The world has come to rest. */
  atEnd?(): void;
}

/**
 * All eyes as one. A broken promise is handed to `onViolation` and not thrown: a handler must not
 * be able to catch it.
 */
export const watchAll = (
  watches: readonly Watch[],
  onViolation: (violation: Violation) => void,
): Required<Watch> => {
  const each =
    <Name extends keyof Watch>(name: Name) =>
    (...seen: unknown[]): void => {
      try {
        for (const look of lookers[name] ?? []) look(...seen);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        onViolation(error);
      }
    };
  const lookers: Record<string, ((...seen: unknown[]) => void)[]> = {};
  for (const watch of watches) {
    for (const name of NAMES) {
      const look = watch[name] as ((...seen: unknown[]) => void) | undefined;
      if (look !== undefined) {
        lookers[name] ??= [];
        lookers[name].push(look.bind(watch));
      }
    }
  }
  return Object.fromEntries(NAMES.map((name) => [name, each(name)])) as unknown as Required<Watch>;
};

const NAMES = [
  "wrote",
  "refused",
  "read",
  "reached",
  "sent",
  "calledModel",
  "ranTool",
  "logged",
  "delivered",
  "judged",
  "ended",
  "atEnd",
] as const satisfies readonly (keyof Watch)[];
