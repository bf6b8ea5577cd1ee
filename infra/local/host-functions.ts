import { ChildFunction, type FunctionHome } from "./child-function.ts";
import { SANDBOX } from "./deployment.ts";
import type { FunctionSettings } from "./function-settings.ts";
import { HostError } from "./host-error.ts";
import type { HostOptions } from "./host-options.ts";

/** All functions of a host, by name. */
export class HostFunctions {
  readonly #byName: ReadonlyMap<string, ChildFunction>;

  constructor(settings: readonly FunctionSettings[], home: FunctionHome) {
    this.#byName = new Map(settings.map((one) => [one.name, new ChildFunction(one, home)]));
  }

  get all(): readonly ChildFunction[] {
    return [...this.#byName.values()];
  }

  find(name: string): ChildFunction | undefined {
    return this.#byName.get(name);
  }

  /** One that the host cannot do without; throws HostError when it is not there. */
  named(name: string): ChildFunction {
    const fn = this.#byName.get(name);
    if (fn !== undefined) return fn;
    throw new HostError(`functions/${name}/handler.ts is missing; the host cannot do without`);
  }

  /**
   * Ready means that the API answers; the others start meanwhile. An agent that cannot start harms
   * its own tasks and nothing else, so it is told and not thrown.
   */
  async warm({ log, paused }: Pick<HostOptions, "log" | "paused">): Promise<void> {
    const api = this.named("api").warm();
    for (const fn of this.all) {
      // The sandbox starts when it is first asked for: most executions run no code.
      if (fn.settings.name === "api" || fn.settings.name === SANDBOX || paused === true) continue;
      fn.warm().catch((error: Error) => log?.(fn.settings.name, `could not start: ${error.message}`));
    }
    await api;
  }

  /** Lets running invocations end within `graceMs`, then kills what is left. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.all.map((fn) => fn.stop(graceMs)));
  }
}
