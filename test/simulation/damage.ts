import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Scene } from "./scene.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimStore } from "./sim-store.ts";

export type DamageKind = "unreadable state" | "refused record";

/**
 * P16: once in a while an execution is hit by what no retry can cure: its STATE item is altered
 * from outside, or the store refuses each of its records. It must end for good, and alone.
 */
export const drawDamage = ({
  chance,
  scene,
  scheduler,
  store,
  faults,
  isNoticed,
  note,
}: {
  chance: Chance;
  scene: Scene;
  scheduler: Scheduler;
  store: SimStore;
  faults: Faults;
  /** Whether a look comes whoever has read the damaged state. */
  isNoticed: boolean;
  note: (executionId: string, kind: DamageKind) => void;
}): void => {
  if (!chance.hit(0.06)) return;
  const isGarbage = chance.hit(0.5);
  const span = scene.faultsEndAt - scheduler.now;
  scheduler.at(scheduler.now + chance.skewed(0, span), () => {
    const pk = chance.pick(store.partitions().filter((partition) => partition.startsWith("EXE#")));
    if (pk === undefined) return;
    const executionId = pk.slice("EXE#".length);
    const item = store.peek({ pk, sk: "STATE" });
    if (item === undefined || item["status"] !== "RUNNING") return;
    if (isGarbage) {
      if (!isNoticed) return;
      faults.note("damage: unreadable state");
      note(executionId, "unreadable state");
      // With a version of its own: who has read the sound one must not heal it by chance.
      const version = Number(item["version"]) + 1;
      store.force({ ...item, version, body: `{"schema":2,${String(item["body"]).slice(12)}` });
      return;
    }
    faults.note("damage: refused record");
    note(executionId, "refused record");
    store.damage = (process, key) => {
      if (process.role !== "coordinator" || !key.pk.startsWith("TASK#") || !key.pk.includes(executionId))
        return;
      throw new TerminalError("Internal", "the store refuses this record for ever");
    };
  });
};
