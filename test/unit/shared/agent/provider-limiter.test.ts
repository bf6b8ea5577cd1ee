import { describe, expect, test } from "vitest";
import { ProviderLimiter } from "../../../../functions/shared/agent/provider-limiter.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { newPermit } from "../../../../functions/shared/contracts/permit.ts";
import {
  type AccountLimits,
  accountNameOf,
} from "../../../../functions/shared/contracts/provider-account.ts";
import { accountKey, permitKey } from "../../../../functions/shared/contracts/resources.ts";
import { NO_USAGE } from "../../../../functions/shared/contracts/usage.ts";
import { RetryableModelError } from "../../../../functions/shared/kernel/model-call-error.ts";
import { ManualClock, MemoryStore, seededRandom, silentLog } from "../../../support/memory-ports.ts";
import { AgentWorld, answer, EXECUTION } from "./agent-world.ts";

const MINUTE = 60_000;
const NEVER = new AbortController().signal;

/** One account on one store, and as many agents of it as a test wants. */
class Account {
  readonly store = new MemoryStore();
  /** The beginning of a minute. */
  readonly clock = new ManualClock(28_333_333 * MINUTE);
  readonly #limits: AccountLimits;
  readonly #random = seededRandom(3);

  constructor(limits: AccountLimits = {}) {
    this.#limits = limits;
  }

  agent(): ProviderLimiter {
    const account = { name: "anthropic", limits: this.#limits };
    return new ProviderLimiter({
      store: this.store,
      clock: this.clock,
      random: this.#random,
      log: silentLog,
      account,
    });
  }

  get item() {
    return this.store.items().find(({ pk }) => pk === accountKey("anthropic").pk);
  }
}

const world = (limits?: AccountLimits) => new Account(limits);

describe("a provider that says when to come back", () => {
  test("holds all agents of its account back, and not longer", async () => {
    const account = world();
    expect(await account.agent().admit(100, NEVER)).toBe(0);
    await account.agent().hold(30);
    const seconds = await account.agent().admit(100, NEVER);
    // Spread over half as long again, so that they do not all come back at once.
    expect(seconds).toBeGreaterThanOrEqual(30);
    expect(seconds).toBeLessThanOrEqual(45);
    account.clock.advance(30_000);
    expect(await account.agent().admit(100, NEVER)).toBe(0);
  });

  test("is never shortened by another answer, and bounded when it asks for days", async () => {
    const account = world();
    await account.agent().hold(60);
    await account.agent().hold(5);
    expect(account.item?.["heldUntil"]).toBe(account.clock.now() + 60_000);
    await account.agent().hold(86_400);
    expect(account.item?.["heldUntil"]).toBe(account.clock.now() + LIMITS.providerHoldMsMax);
  });

  test("costs one read before a call where no limits are set, and no write", async () => {
    const account = world();
    await account.agent().admit(100, NEVER);
    expect(account.store.requests).toEqual([{ kind: "get", key: "PROVIDER#anthropic|PROVIDER" }]);
  });

  test("a branch that finds the account held calls nothing, reserves nothing and gives its message back", async () => {
    const waiting = new AgentWorld();
    waiting.store.force({ ...accountKey("anthropic"), heldUntil: waiting.clock.now() + 20_000 });
    const verdict = await waiting.deliver();
    expect(verdict).toMatchObject({ returnAfterSeconds: expect.any(Number) });
    expect(waiting.model.requests).toEqual([]);
    expect(waiting.permit()).toMatchObject({ committedCalls: 0, open: {} });
    expect(waiting.record()).toMatchObject({ status: "SCHEDULED", crashes: 0 });
    waiting.clock.advance(20_000);
    expect(await waiting.deliver()).toBe("done");
    expect(waiting.record().status).toBe("SUCCEEDED");
  });

  test("a short hold is sat out without giving the task back", async () => {
    const short = new AgentWorld();
    short.store.force({ ...accountKey("anthropic"), heldUntil: short.clock.now() + 1_500 });
    const begun = short.clock.now();
    expect(await short.deliver()).toBe("done");
    expect(short.clock.now() - begun).toBeGreaterThanOrEqual(1_500);
    expect(short.record().status).toBe("SUCCEEDED");
  });

  test("is passed on by whoever is told, before it waits or gives up", async () => {
    const limited = new RetryableModelError("RateLimited", "429", NO_USAGE, { retryAfterSeconds: 60 });
    const told = new AgentWorld({ script: [limited, answer("never")] });
    const at = told.clock.now();
    await told.deliver();
    expect(told.failure()?.name).toBe("RateLimited");
    expect(await told.store.get(accountKey("anthropic"))).toMatchObject({ heldUntil: at + 60_000 });
  });
});

describe("limits per minute", () => {
  test("of a hundred that ask at once, as many are let through as there are requests", async () => {
    const account = world({ requestsPerMinute: 30 });
    const asked = await Promise.all(Array.from({ length: 100 }, () => account.agent().admit(1_000, NEVER)));
    expect(asked.filter((seconds) => seconds === 0)).toHaveLength(30);
    // The next minute begins in 60 s; they come back over half as long again.
    expect(Math.min(...asked.filter((seconds) => seconds > 0))).toBeGreaterThanOrEqual(60);
    expect(account.item).toMatchObject({ requests: 30, tokens: 30_000 });
    account.clock.advance(MINUTE);
    expect(await account.agent().admit(1_000, NEVER)).toBe(0);
    expect(account.item).toMatchObject({ requests: 1, tokens: 1_000 });
  });

  test("tokens are counted as estimated, and given back as far as they were not used", async () => {
    const account = world({ tokensPerMinute: 10_000 });
    const [first, second] = [account.agent(), account.agent()];
    expect(await first.admit(8_000, NEVER)).toBe(0);
    expect(await second.admit(8_000, NEVER)).toBeGreaterThan(0);
    await first.settle(500);
    expect(account.item).toMatchObject({ tokens: 500 });
    expect(await second.admit(8_000, NEVER)).toBe(0);
  });

  test("what is given back in a later minute changes nothing there", async () => {
    const account = world({ tokensPerMinute: 10_000 });
    const slow = account.agent();
    await slow.admit(8_000, NEVER);
    account.clock.advance(MINUTE);
    await account.agent().admit(3_000, NEVER);
    await slow.settle(500);
    expect(account.item).toMatchObject({ tokens: 3_000 });
  });

  test("a call that is larger than a minute's tokens takes a whole minute's, and does not wait for ever", async () => {
    const account = world({ tokensPerMinute: 1_000 });
    expect(await account.agent().admit(50_000, NEVER)).toBe(0);
    expect(await account.agent().admit(1, NEVER)).toBeGreaterThan(0);
    account.clock.advance(MINUTE);
    expect(await account.agent().admit(50_000, NEVER)).toBe(0);
  });

  test("whoever waits for the budget leaves its place in the minute to those who can call", async () => {
    const waiting = new AgentWorld({ accountLimits: { requestsPerMinute: 2, tokensPerMinute: 5_000 } });
    const { tokens } = waiting.limits;
    const reserved = {
      id: "1.1.1",
      agent: "planner",
      epoch: 1,
      at: waiting.clock.now(),
      tokens,
      microUsd: 0,
    };
    const permit = newPermit("default", waiting.limits, 2_000_000_000);
    waiting.store.force({
      ...permitKey(EXECUTION),
      ...permit,
      committedTokens: tokens,
      open: { 2: reserved },
    });
    for (const message of ["m1", "m2", "m3"]) {
      expect(await waiting.deliver(message)).toMatchObject({ returnAfterSeconds: expect.any(Number) });
    }
    expect(waiting.model.requests).toEqual([]);
    expect(await waiting.store.get(accountKey("anthropic"))).toMatchObject({ requests: 0, tokens: 0 });
    waiting.store.force({ ...permitKey(EXECUTION), ...permit });
    expect(await waiting.deliver("m4")).toBe("done");
  });

  test("a hold counts with limits too, also where nobody has called yet", async () => {
    const account = world({ requestsPerMinute: 5 });
    await account.agent().hold(30);
    expect(await account.agent().admit(1, NEVER)).toBeGreaterThanOrEqual(30);
    account.clock.advance(30_000);
    expect(await account.agent().admit(1, NEVER)).toBe(0);
    expect(account.item).toMatchObject({ requests: 1 });
  });

  test("cost one update before a call in the middle of a minute", async () => {
    const account = world({ requestsPerMinute: 5 });
    await account.agent().admit(1, NEVER);
    account.store.requests.length = 0;
    await account.agent().admit(1, NEVER);
    expect(account.store.requests.map(({ kind }) => kind)).toEqual(["update"]);
  });
});

test.each([
  ["what the agent declares", "team-a", "anthropic", undefined, "team-a"],
  ["the provider", undefined, "anthropic", "http://127.0.0.1:1", "anthropic"],
  [
    "of a compatible server its host",
    undefined,
    "compatible",
    "https://llm.example.com:8443/v1",
    "llm.example.com:8443",
  ],
] as const)("the account is %s", (_, declared, provider, baseUrl, expected) => {
  expect(accountNameOf(declared, provider, baseUrl)).toBe(expected);
});
