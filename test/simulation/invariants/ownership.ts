import type { Item } from "../../../functions/shared/contracts/item.ts";
import type { SimProcess } from "../sim-process.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";

export interface Claim {
  readonly owner: string;
  readonly leaseUntil: number;
  readonly messageId: string;
}

export const claimOf = (record: Item | undefined): Claim | undefined =>
  record?.["claim"] as Claim | undefined;

export const isClaiming = ({ before, after }: WriteSeen): boolean =>
  claimOf(after) !== undefined && claimOf(after)?.owner !== claimOf(before)?.owner;

/** What a process has claimed, and what it has done with the record since. */
export interface Ownership {
  readonly epoch: number;
  readonly owner: string;
  /** When it was claimed, in the books' order. */
  readonly seq: number;
  readonly crashes: number;
  hasStored: boolean;
  hasReleased: boolean;
}

/** Who owns what. It only notes: whether they may is for others, who look after it has noted. */
export class Ownerships implements StateWatch {
  readonly #books: Books;
  readonly #held = new Map<string, Ownership>();
  readonly #owners = new Map<string, SimProcess>();

  constructor(books: Books) {
    this.#books = books;
  }

  of(process: SimProcess, taskId: string): Ownership | undefined {
    return this.#held.get(`${process.id}|${taskId}`);
  }

  /** The process behind the name in a claim. */
  processOf(claim: Claim): SimProcess | undefined {
    return this.#owners.get(claim.owner);
  }

  wrote(seen: WriteSeen): void {
    const { process, key, after } = seen;
    if (key.sk !== "TASK" || typeof process.role === "string") return;
    const taskId = String(after["taskId"]);
    const claim = claimOf(after);
    if (claim !== undefined && isClaiming(seen)) {
      this.#owners.set(claim.owner, process);
      this.#held.set(`${process.id}|${taskId}`, {
        epoch: Number(after["epoch"]),
        owner: claim.owner,
        seq: this.#books.seq,
        crashes: Number(after["crashes"]),
        hasStored: false,
        hasReleased: false,
      });
      return;
    }
    const ownership = this.of(process, taskId);
    if (ownership === undefined) return;
    if (after["status"] !== "SCHEDULED") ownership.hasStored = true;
    else if (claim === undefined) ownership.hasReleased = true;
  }
}
