import type { Chance } from "./chance.ts";
import type { PortCalls } from "./port-calls.ts";
import type { SimProcess } from "./sim-process.ts";
import type { ToolBench } from "./team.ts";
import type { Watch } from "./watch.ts";

/** What the tools of a world have done, and can be asked about. */
export class SimTools {
  readonly #calls: PortCalls;
  readonly #chance: Chance;
  readonly #watch: Required<Watch>;
  /** Tool calls that have had their effect. */
  readonly #effects = new Set<string>();

  constructor(parts: { calls: PortCalls; chance: Chance; watch: Required<Watch> }) {
    this.#calls = parts.calls;
    this.#chance = parts.chance;
    this.#watch = parts.watch;
  }

  /** The tools as one process runs them. */
  benchOf(process: SimProcess): ToolBench {
    return {
      run: ({ name, effect }, callId) =>
        this.#calls.call(process, {
          service: "tool",
          place: `run ${name}`,
          subject: callId,
          latencyMs: this.#chance.skewed(1, 5_000),
          effect: () => {
            this.#watch.ranTool({ process, tool: name, effect, callId });
            this.#effects.add(callId);
            return `done ${callId}`;
          },
        }),
      reconcile: ({ name }, callId) =>
        this.#calls.call(process, {
          service: "tool",
          place: `reconcile ${name}`,
          subject: callId,
          latencyMs: this.#chance.skewed(1, 1_000),
          isRead: true,
          effect: () => (this.#effects.has(callId) ? `done ${callId}` : undefined),
        }),
    };
  }
}
