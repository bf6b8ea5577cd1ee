import { LIMITS } from "../contracts/limits.ts";
import type { AccountRecord, ProviderAccount } from "../contracts/provider-account.ts";
import { accountKey } from "../contracts/resources.ts";
import { RetryableError } from "../kernel/errors.ts";
import type { Counted, CountedAccount } from "./account-minute.ts";
import type { AgentPorts } from "./agent-ports.ts";

/**
 * What all agents of one provider account share: its limits per minute, when they are set, and the
 * provider's word on when to come back.
 *
 * L1. Nobody calls who has just seen that the account is held.
 * L2. With limits, a call is counted before it is made, in one conditional update on the account's item;
 *     of the requests and tokens of one minute no more is given out than there is.
 * L3. Whoever must wait holds nothing: no reservation, no claim when the wait is long, no compute; and
 *     whoever waits for something else, no part of a minute.
 *
 * Who waited longest has no right to be first: whoever looks when there is room gets it.
 */
export class ProviderLimiter {
  readonly #ports: Pick<AgentPorts, "store" | "clock" | "random" | "log">;
  readonly #account: ProviderAccount;
  /** The last admitted call, where calls are counted. */
  #counted: Counted | undefined;

  constructor(ports: Pick<AgentPorts, "store" | "clock" | "random" | "log" | "account">) {
    this.#ports = ports;
    this.#account = ports.account;
  }

  /**
   * Resolves with 0 when a call of at most `tokens` may be made now, and otherwise with the seconds after
   * which to look again. Short waits are slept here; rejects with the signal's reason when aborted.
   */
  async admit(tokens: number, signal: AbortSignal): Promise<number> {
    let sleptMs = 0;
    for (;;) {
      const waitMs = await this.#look(tokens);
      if (waitMs === 0) return 0;
      // Those who wait for the same instant must not come back in the same instant.
      const spreadMs = Math.ceil(waitMs + this.#ports.random.fraction() * Math.max(1_000, waitMs / 2));
      if (sleptMs + spreadMs > LIMITS.modelRetryWaitMsMax) {
        return Math.min(LIMITS.delaySecondsMax, Math.ceil(spreadMs / 1000));
      }
      await this.#ports.clock.sleep(spreadMs, signal);
      sleptMs += spreadMs;
    }
  }

  /** What the admitted call really took. A courtesy: without it the minute stays counted as estimated. */
  async settle(tokens: number): Promise<void> {
    const counted = this.#counted;
    this.#counted = undefined;
    if (counted === undefined || this.#account.limits.tokensPerMinute === undefined) return;
    await this.#attempt("settle", async () => {
      const { settleCall } = await import("./account-minute.ts");
      await settleCall(this.#countedAccount, counted, tokens);
    });
  }

  /** The admitted call is not made, and others may have its place in the minute. */
  async giveBack(): Promise<void> {
    const counted = this.#counted;
    this.#counted = undefined;
    if (counted === undefined) return;
    await this.#attempt("give back", async () => {
      const { uncountCall } = await import("./account-minute.ts");
      await uncountCall(this.#countedAccount, counted);
    });
  }

  /** The provider has said when to come back: nobody of this account calls before. Never shortened. */
  async hold(seconds: number): Promise<void> {
    const heldUntil = this.#ports.clock.now() + Math.min(seconds * 1000, LIMITS.providerHoldMsMax);
    const raise = () =>
      this.#ports.store.update(this.#key, {
        set: [
          [["heldUntil"], heldUntil],
          [["expiresAt"], this.#expiresAt],
        ],
        when: [{ path: ["heldUntil"], is: "missingOrAtMost", value: heldUntil }],
      });
    await this.#attempt("hold", async () => {
      if ((await raise()) === "applied") return;
      // Refused: held for longer already, or nobody has written to this account yet.
      const created = await this.#ports.store.create({ ...this.#key, heldUntil, expiresAt: this.#expiresAt });
      if (created === "refused") await raise();
    });
  }

  /** Milliseconds to wait; 0 when the call is admitted, and counted where there are limits. */
  async #look(tokens: number): Promise<number> {
    if (Object.keys(this.#account.limits).length === 0) {
      // What is a second old is good enough: a hold that was just set is met with the next 429.
      const item = await this.#ports.store.get(this.#key, { mayBeStale: true });
      return Math.max(0, ((item as AccountRecord | undefined)?.heldUntil ?? 0) - this.#ports.clock.now());
    }
    // Few set limits, and the others need not load it.
    const { countCall } = await import("./account-minute.ts");
    const counted = await countCall(this.#countedAccount, tokens);
    if (typeof counted === "number") return counted;
    this.#counted = counted;
    return 0;
  }

  /** Nothing that a task's fate could depend on. */
  async #attempt(what: string, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      this.#ports.log.warn("the account's limits could not be written", { code: what });
    }
  }

  get #countedAccount(): CountedAccount {
    const { store, clock } = this.#ports;
    const { limits } = this.#account;
    return { store, key: this.#key, limits, now: () => clock.now(), expiresAt: () => this.#expiresAt };
  }

  /** Seconds, for the table's time to live: an account that nobody uses leaves nothing behind. */
  get #expiresAt(): number {
    return Math.ceil(this.#ports.clock.now() / 1000) + 86_400;
  }

  get #key() {
    return accountKey(this.#account.name);
  }
}
