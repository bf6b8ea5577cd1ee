import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import type { Store } from "../../../../functions/shared/ports/store.ts";
import type { AgentWorld } from "./agent-world.ts";

/**
 * A function that dies at its k-th request of any port, and with it all that it would have done
 * later. `applied` tells whether that last request had its effect before nobody heard of it.
 */
export class Doomed {
  readonly #left: { requests: number };
  readonly #applied: boolean;
  isDead = false;

  constructor(requests: number, applied: boolean) {
    this.#left = { requests };
    this.#applied = applied;
  }

  wrap<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function" || name === "estimate") return value;
        return (...args: unknown[]) => this.#request(() => value.apply(target, args));
      },
    });
  }

  #request(perform: () => unknown): unknown {
    if (this.isDead) return new Promise(() => {});
    this.#left.requests -= 1;
    if (this.#left.requests > 0) return perform();
    this.isDead = true;
    if (this.#applied) void Promise.resolve(perform()).catch(() => {});
    return new Promise(() => {});
  }
}

/**
 * Tells a story once for each request that its doomed function makes, so that it dies at every one of them,
 * and once more without a death. Gives the number of tellings: one more than there are requests.
 */
export const atEachRequest = async (
  applied: boolean,
  story: (doomed: Doomed, at: string) => Promise<void>,
): Promise<number> => {
  for (let k = 1; ; k++) {
    const doomed = new Doomed(k, applied);
    await story(doomed, `request ${k}`);
    if (!doomed.isDead) return k;
  }
};

/** More than any function of these tests takes. */
const ROUNDS_MAX = 200;

/**
 * Delivers the message to a function that is doomed, and lets its lease run out. `home` makes the function
 * when its tools are not the world's own, but reach outside through what dies with it.
 */
export const deliverTo = async (doomed: Doomed, world: AgentWorld, home = world): Promise<void> => {
  const agent = home.agent({
    store: doomed.wrap<Store>(world.store),
    blobs: doomed.wrap(world.blobs),
    queues: doomed.wrap(world.queues),
    model: doomed.wrap(world.model),
    clock: world.clock,
  });
  let hasEnded = false;
  void agent.handle(world.delivery("m1"), world.invocation).then(() => {
    hasEnded = true;
  });
  for (let rounds = 0; rounds < ROUNDS_MAX && !doomed.isDead && !hasEnded; rounds++) await world.rounds(1);
  world.clock.advance(LOCAL_TIMES.leaseMs + LOCAL_TIMES.stealMarginMs);
  await world.rounds();
};
