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
