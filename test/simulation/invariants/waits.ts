import type { SimProcess } from "../sim-process.ts";
import { must } from "../violation.ts";
import type { StateWatch } from "./books.ts";

/**
 * Invariant 12: whoever lets a task wait says in its record how long. Otherwise the coordinator takes the
 * message for lost and sends another at each check; each waits and comes back, and they become ever more.
 */
export const announcedWaits = (waits = new Map<SimProcess, number | undefined>()): StateWatch => ({
  wrote({ process, key, before, after }) {
    if (key.sk !== "TASK" || after["status"] !== "SCHEDULED") return;
    const isGivenBack = before?.["claim"] !== undefined && after["claim"] === undefined;
    if (isGivenBack && typeof process.role !== "string") {
      waits.set(process, after["waitsUntil"] as number | undefined);
    }
  },
  judged(process, _queue, _delivery, verdict) {
    if (typeof verdict !== "object" || !process.isClean || !waits.has(process)) return;
    const waitsUntil = waits.get(process) ?? 0;
    const comesBackAt = process.startedAt + process.skewMs + verdict.returnAfterSeconds * 1000;
    const say = () => `${process.id} waits ${verdict.returnAfterSeconds} s and its record does not say so`;
    must(verdict.returnAfterSeconds === 0 || waitsUntil >= comesBackAt, 12, say, "P10");
  },
});
