import { createHash } from "node:crypto";
import { evaluateChange } from "../../functions/shared/adapters/evaluate-change.ts";
import { decodeItem, encodeItem } from "../../functions/shared/adapters/item-text.ts";
import { assertDelay, assertVisibility, messageBody } from "../../functions/shared/adapters/message-body.ts";
import type { AgentName, ExecutionId } from "../../functions/shared/contracts/ids.ts";
import type { Item } from "../../functions/shared/contracts/item.ts";
import { LIMITS } from "../../functions/shared/contracts/limits.ts";
import type { Hint, Work } from "../../functions/shared/contracts/messages.ts";
import type { ItemKey } from "../../functions/shared/contracts/resources.ts";
import type { BlobRef } from "../../functions/shared/contracts/value.ts";
import { assert } from "../../functions/shared/kernel/assert.ts";
import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Blobs } from "../../functions/shared/ports/blobs.ts";
import type { Clock, Random } from "../../functions/shared/ports/clock.ts";
import type { Queues } from "../../functions/shared/ports/queues.ts";
import type { Change, Page, Store, Written } from "../../functions/shared/ports/store.ts";

/** The store in one process: what unit tests and the simulator stand on; held to the conformance suite. */
export class MemoryStore implements Store {
  /** Every request, by kind, as DynamoDB would bill and the bench counts them. */
  readonly requests: { kind: string; key: string }[] = [];
  /** JSON, as every real store keeps bytes: what goes in and what comes out share nothing. */
  readonly #items = new Map<string, { readonly key: ItemKey; readonly text: string }>();

  async get(key: ItemKey, _options?: { readonly mayBeStale: boolean }): Promise<Item | undefined> {
    this.#count("get", key);
    return this.#read(key);
  }

  async getMany(keys: readonly ItemKey[]): Promise<ReadonlyArray<Item | undefined>> {
    assert(keys.length <= LIMITS.getManyMax, `getMany of ${keys.length} keys`);
    for (const key of keys) this.#count("get", key);
    return keys.map((key) => this.#read(key));
  }

  async list(pk: string, prefix = ""): Promise<readonly Item[]> {
    this.#count("list", { pk, sk: prefix });
    return this.items()
      .filter((item) => item.pk === pk && item.sk.startsWith(prefix))
      .sort((a, b) => byBytes(a.sk, b.sk));
  }

  async create(item: Item): Promise<Written> {
    this.#count("create", item);
    if (this.#items.has(at(item))) return "refused";
    this.force(item);
    return "applied";
  }

  async update(key: ItemKey, change: Change): Promise<Written> {
    this.#count("update", key);
    const next = evaluateChange(this.#read(key), change);
    if (next === undefined) return "refused";
    this.force(next);
    return "applied";
  }

  async due(shard: string, now: number, limit: number): Promise<readonly Item[]> {
    this.#count("due", { pk: shard, sk: "" });
    return this.items()
      .filter(
        (item) =>
          item["openPk"] === shard && typeof item["nextCheckAt"] === "number" && item["nextCheckAt"] <= now,
      )
      .sort((a, b) => Number(a["nextCheckAt"]) - Number(b["nextCheckAt"]))
      .slice(0, limit)
      .map(({ pk, sk, openPk, nextCheckAt }) => ({ pk, sk, openPk, nextCheckAt }));
  }

  async newest(listPk: string, options: { limit: number; after?: string; status?: string }): Promise<Page> {
    this.#count("newest", { pk: listPk, sk: "" });
    const order = (item: Item): string => `${String(item["createdAt"]).padStart(15, "0")}|${item.pk}`;
    const all = this.items()
      .filter((item) => item["listPk"] === listPk && typeof item["createdAt"] === "number")
      .filter((item) => options.status === undefined || item["status"] === options.status)
      .sort((a, b) => (order(a) < order(b) ? 1 : -1))
      .filter((item) => options.after === undefined || order(item) < options.after);
    const items = all.slice(0, options.limit);
    const last = items.at(-1);
    return all.length > items.length && last !== undefined ? { items, next: order(last) } : { items };
  }

  /** A copy of everything, for assertions. */
  items(): Item[] {
    return [...this.#items.values()].map(({ key, text }) => decodeItem(key, text));
  }

  /** Writes behind the protocol's back: for tests that corrupt an item. */
  force(item: Item): void {
    this.#items.set(at(item), { key: { pk: item.pk, sk: item.sk }, text: encodeItem(item) });
  }

  #read(key: ItemKey): Item | undefined {
    const stored = this.#items.get(at(key));
    return stored === undefined ? undefined : decodeItem(key, stored.text);
  }

  #count(kind: string, key: ItemKey): void {
    this.requests.push({ kind, key: `${key.pk}|${key.sk}` });
  }
}

const at = (key: ItemKey): string => `${key.pk}|${key.sk}`;

/** Sort keys are ordered by their UTF-8 bytes, which is not JavaScript's order beyond the basic plane. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export interface Sent {
  readonly queue: "events" | AgentName;
  readonly message: Hint | Work;
  readonly delaySeconds: number;
}

/** Queues that only remember what was sent and hidden; a test delivers by calling the handler. */
export class MemoryQueues implements Queues {
  readonly sent: Sent[] = [];
  readonly hidden: { receiptHandle: string; seconds: number }[] = [];

  async sendHint(hint: Hint, options: { delaySeconds?: number } = {}): Promise<void> {
    this.#send("events", hint, options.delaySeconds);
  }

  async sendWork(agent: AgentName, work: Work, options: { delaySeconds?: number } = {}): Promise<void> {
    this.#send(agent, work, options.delaySeconds);
  }

  async hide(receiptHandle: string, seconds: number): Promise<void> {
    assertVisibility(seconds);
    this.hidden.push({ receiptHandle, seconds });
  }

  /** Takes the oldest message off, in the order sent. */
  take(): Sent | undefined {
    return this.sent.shift();
  }

  #send(queue: Sent["queue"], message: Hint | Work, delaySeconds = 0): void {
    assertDelay(delaySeconds);
    messageBody(message);
    this.sent.push({ queue, message, delaySeconds });
  }
}

export class MemoryBlobs implements Blobs {
  readonly texts = new Map<string, string>();

  async put(executionId: ExecutionId, text: string): Promise<BlobRef> {
    const sha256 = sha256Of(text);
    const ref = `blobs/${executionId}/${sha256}`;
    // Bytes are UTF-8, which has no lone surrogates.
    this.texts.set(ref, text.toWellFormed());
    return { ref, bytes: Buffer.byteLength(text), sha256 };
  }

  async get(blob: BlobRef): Promise<string> {
    const text = this.texts.get(blob.ref);
    if (text === undefined || Buffer.byteLength(text) !== blob.bytes || sha256Of(text) !== blob.sha256) {
      throw new TerminalError("CheckpointLost", `blob ${blob.ref} is gone or altered`);
    }
    return text;
  }
}

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Moves time and wakes whoever slept until then, in order. */
  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#now).sort((a, b) => a.at - b.at);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > this.#now);
    for (const sleeper of due) sleeper.wake();
  }
}

/** The same numbers for the same seed. */
export const seededRandom = (seed = 1): Random => {
  let a = seed >>> 0;
  const fraction = (): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    fraction,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)),
  };
};

export const silentLog = { info: () => {}, warn: () => {}, error: () => {} };
