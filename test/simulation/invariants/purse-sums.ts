import type { Item } from "../../../functions/shared/contracts/item.ts";
import { totalTokens, type Usage } from "../../../functions/shared/contracts/usage.ts";
import { must } from "../violation.ts";
import type { Books } from "./books.ts";

interface Spent {
  tokens: number;
  microUsd: number;
  calls: number;
}

const UNITS = [
  { unit: "tokens", sum: "committedTokens", byAgent: "agentTokens", cap: "capTokens" },
  { unit: "calls", sum: "committedCalls", byAgent: "agentCalls", cap: "capCalls" },
  { unit: "microUsd", sum: "committedMicroUsd", byAgent: "agentMicroUsd", cap: "capMicroUsd" },
] as const;

/**
 * Invariant 10, the sums (P4): what the provider has billed is committed, what is committed is allowed,
 * and the agents' shares add up to it.
 */
export class PurseSums {
  readonly #books: Books;
  readonly #spent = new Map<string, Spent>();

  constructor(books: Books) {
    this.#books = books;
  }

  get executionIds(): Iterable<string> {
    return this.#spent.keys();
  }

  /** What was billed so far, as the provider has it. */
  spentBy(executionId: string): Spent {
    const spent = this.#spent.get(executionId) ?? { tokens: 0, microUsd: 0, calls: 0 };
    this.#spent.set(executionId, spent);
    return spent;
  }

  bill(executionId: string, used: Usage): void {
    const spent = this.spentBy(executionId);
    spent.calls += 1;
    spent.tokens += totalTokens(used);
    spent.microUsd += used.microUsd ?? 0;
  }

  check(executionId: string, permit: Item): void {
    const spent = this.spentBy(executionId);
    for (const { unit, sum, byAgent, cap } of UNITS) {
      const committed = Number(permit[sum]);
      const allowed = permit[cap];
      const say = (what: string) => () => `the purse of ${executionId}: ${what}`;
      must(
        allowed === null || committed <= Number(allowed),
        10,
        say(`${committed} ${unit} are committed, ${allowed} allowed`),
        "P4",
      );
      must(
        spent[unit] <= committed,
        10,
        say(`${spent[unit]} ${unit} are spent, ${committed} committed`),
        "P4",
      );
      const shares = Object.entries(permit[byAgent] as Record<string, number>);
      const total = shares.reduce((all, [, amount]) => all + amount, 0);
      must(total === committed, 10, say(`the agents' ${unit} are ${total} of ${committed}`), "P4");
      for (const [agent, amount] of shares) {
        const own = this.#books.scene.agentLimits[agent]?.[unit];
        must(own === undefined || amount <= own, 10, say(`${agent} has ${amount} of ${own} ${unit}`), "P4");
      }
    }
  }
}
