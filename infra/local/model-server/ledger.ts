import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** One call, as the one who sends the bill sees it. Times in ms since the epoch. */
export interface LedgerEntry {
  /** From 1, in order of arrival. */
  readonly n: number;
  readonly at: number;
  endedAt: number | null;
  agent: string | null;
  script: string | null;
  /** Hash of agent and first user text; the same over all turns and retries. */
  conversation: string | null;
  turn: number | null;
  model: string | null;
  /** SHA-256 of the key, 16 hex digits (see `hashOfKey`), and its last four characters. */
  keyHash: string | null;
  keyEnd: string | null;
  status: number | null;
  /** The kind of the fault that was played, if any. */
  fault: string | null;
  /** Why the request was refused. */
  error: string | null;
  stopReason: string | null;
  /** The answer was to be held to a schema. */
  isStructured: boolean;
  /** Names of the tools called. */
  calls: readonly string[];
  usage: Readonly<Record<string, number>> | null;
  /** From `message_start` on: this call costs money, whatever becomes of it. */
  paid: boolean;
  /** The client has been sent the whole answer and did not hang up before. */
  completed: boolean;
}

export const hashOfKey = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 16);

/** All entries of a ledger file, each in its last state, even of a server that was killed. */
export const readLedger = (file: string): LedgerEntry[] => {
  const entries = new Map<number, LedgerEntry>();
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    // A kill can leave half a line, always the last one.
    const entry = parseLine(line);
    if (entry !== undefined) entries.set(entry.n, entry);
  }
  return [...entries.values()];
};

const parseLine = (line: string): LedgerEntry | undefined => {
  try {
    return JSON.parse(line) as LedgerEntry;
  } catch {
    return undefined;
  }
};

/** Every call that arrived, in memory and, with a file, on disk: a line when paid and a line at its end. */
export class Ledger {
  readonly #entries: LedgerEntry[];
  readonly #file: string | undefined;
  readonly #now: () => number;

  constructor(file: string | undefined, now: () => number = Date.now) {
    this.#file = file;
    this.#now = now;
    this.#entries = file === undefined ? [] : readLedger(file);
  }

  entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  open(): LedgerEntry {
    const entry: LedgerEntry = {
      n: (this.#entries.at(-1)?.n ?? 0) + 1,
      at: this.#now(),
      endedAt: null,
      agent: null,
      script: null,
      conversation: null,
      turn: null,
      model: null,
      keyHash: null,
      keyEnd: null,
      status: null,
      fault: null,
      error: null,
      stopReason: null,
      isStructured: false,
      calls: [],
      usage: null,
      paid: false,
      completed: false,
    };
    this.#entries.push(entry);
    return entry;
  }

  pay(entry: LedgerEntry): void {
    entry.paid = true;
    this.#append(entry);
  }

  close(entry: LedgerEntry): void {
    if (entry.endedAt !== null) return;
    entry.endedAt = this.#now();
    this.#append(entry);
  }

  /** Synchronous: what was paid must be on record even if the process is killed in the next moment. */
  #append(entry: LedgerEntry): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}
