import type { OutboxEntry } from "../../../functions/shared/contracts/command.ts";
import type { ExecutionState } from "../../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { type ItemKey, permitKey, stateKey } from "../../../functions/shared/contracts/resources.ts";
import type { DamageKind } from "../damage.ts";
import type { PlanBook } from "../plan-book.ts";
import type { Scene } from "../scene.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimProcess } from "../sim-process.ts";
import type { SimQueues } from "../sim-queues.ts";
import type { SimStore } from "../sim-store.ts";
import type { Users } from "../users.ts";
import type { Watch, WriteSeen } from "../watch.ts";

/** A STATE item, read as plain JSON: what watches must not use the product's own parser. */
export interface StoredView {
  readonly item: Item;
  readonly version: number;
  readonly state: ExecutionState;
  readonly events: readonly HistoryEvent[];
  readonly outbox: Readonly<Record<string, OutboxEntry>>;
  readonly nextCheckAt: number | undefined;
}

/** One applied write to a STATE item. `isCommit` when it raised the version. */
export interface StateWrite {
  readonly process: SimProcess;
  readonly executionId: string;
  readonly now: number;
  readonly before: StoredView | undefined;
  readonly after: StoredView;
  readonly isCommit: boolean;
  /** Those that were not there before. */
  readonly newEvents: readonly HistoryEvent[];
}

/** A watch that also looks at what STATE says. */
export interface StateWatch extends Watch {
  stateWrote?(write: StateWrite): void;
}

/** What several watches need to know of a world: where it stands, and who did what when. */
export class Books implements Watch {
  readonly scheduler: Scheduler;
  readonly scene: Scene;
  readonly plans: PlanBook;
  readonly damaged = new Map<string, DamageKind>();
  /** Counts everything seen: "since" and "before" are about this number. */
  seq = 0;
  readonly #views = new Map<string, StoredView>();
  readonly #lastRead = new Map<string, { readonly seq: number; readonly item: Item | undefined }>();
  readonly #watches: StateWatch[] = [];
  #parts: { readonly store: SimStore; readonly queues: SimQueues; readonly users: Users } | undefined;

  constructor(options: { scheduler: Scheduler; scene: Scene; plans: PlanBook }) {
    this.scheduler = options.scheduler;
    this.scene = options.scene;
    this.plans = options.plans;
  }

  tell(watches: readonly StateWatch[]): void {
    this.#watches.push(...watches);
  }

  open(parts: { store: SimStore; queues: SimQueues; users: Users }): void {
    this.#parts = parts;
  }

  get parts() {
    if (this.#parts === undefined) throw new Error("the books are not open yet");
    return this.#parts;
  }

  get executionIds(): string[] {
    return [...this.#views.keys()];
  }

  view(executionId: string): StoredView | undefined {
    return this.#views.get(executionId);
  }

  permit(executionId: string): Item | undefined {
    return this.parts.store.peek(permitKey(executionId));
  }

  peek(key: ItemKey): Item | undefined {
    return this.parts.store.peek(key);
  }

  /** What a process has seen of an item when it last looked; `undefined` when it never did. */
  lastRead(process: SimProcess, key: ItemKey) {
    return this.#lastRead.get(`${process.id}|${key.pk}|${key.sk}`);
  }

  /** An item that was altered from outside. */
  noteDamage(executionId: string, kind: DamageKind): void {
    this.damaged.set(executionId, kind);
  }

  isGarbage(executionId: string): boolean {
    return this.damaged.get(executionId) === "unreadable state";
  }

  read(process: SimProcess, key: ItemKey, item: Item | undefined): void {
    this.#lastRead.set(`${process.id}|${key.pk}|${key.sk}`, { seq: ++this.seq, item });
  }

  wrote({ process, key, after, now }: WriteSeen): void {
    this.seq += 1;
    if (key.sk !== "STATE") return;
    const executionId = key.pk.slice("EXE#".length);
    const before = this.#views.get(executionId);
    const view = viewOf(after, before);
    this.#views.set(executionId, view);
    const known = before?.events.at(-1)?.n ?? before?.state.eventCount ?? 0;
    const write: StateWrite = {
      process,
      executionId,
      now,
      before,
      after: view,
      isCommit: before === undefined || before.version !== view.version,
      newEvents: view.events.filter(({ n }) => n > known),
    };
    for (const watch of this.#watches) watch.stateWrote?.(write);
  }

  sent(): void {
    this.seq += 1;
  }

  refresh(executionId: string): void {
    const item = this.peek(stateKey(executionId));
    if (item !== undefined) this.#views.set(executionId, viewOf(item, this.#views.get(executionId)));
  }
}

const viewOf = (item: Item, before: StoredView | undefined): StoredView => {
  const isSame = before !== undefined && before.item["body"] === item["body"];
  const hasSameEvents = before !== undefined && before.item["events"] === item["events"];
  return {
    item,
    version: Number(item["version"]),
    state: isSame ? before.state : (JSON.parse(String(item["body"])) as ExecutionState),
    events: hasSameEvents ? before.events : (JSON.parse(String(item["events"])) as HistoryEvent[]),
    outbox: item["outbox"] as Record<string, OutboxEntry>,
    nextCheckAt: item["nextCheckAt"] as number | undefined,
  };
};
