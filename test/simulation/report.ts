import type { Catch } from "./hunt.ts";
import type { WorldOutcome } from "./world.ts";

/** Everything that is needed to see a broken promise again. */
export const failureReport = (outcome: WorldOutcome, commit: string): string => {
  const { seed, violation, weather, ablation, faults, lastLines, traceHash } = outcome;
  return [
    `${violation?.message}`,
    `seed ${seed}, commit ${commit}, weather ${weather}, without ${ablation}, trace ${traceHash}`,
    `faults: ${countsText(Object.fromEntries(faults))}`,
    "the last lines of the trace:",
    ...lastLines.map((line) => `  ${line}`),
    `replay it: npm run sim -- --seed ${seed}`,
  ].join("\n");
};

export const huntReport = (caught: Catch, seconds: number, commit: string): string => {
  const { worlds, executions, invocations, steps, simulatedMs, crashes } = caught;
  const points = Object.entries(caught.crashPoints).sort(([, a], [, b]) => a - b);
  const rate = worlds / seconds;
  return [
    `commit ${commit}: ${worlds} worlds in ${seconds.toFixed(0)} s (${rate.toFixed(1)} a second)`,
    `${executions} executions, ${invocations} function runs, ${steps} port calls and timers, ${(simulatedMs / 3_600_000).toFixed(0)} simulated hours`,
    `weather: ${countsText(caught.weathers)}; nets that were off: ${countsText(caught.ablations)}`,
    `${crashes} crashes at ${points.length} places, the rarest: ${points
      .slice(0, 5)
      .map(([place, count]) => `${place} ${count}`)
      .join(", ")}`,
    `faults: ${countsText(caught.faults)}`,
  ].join("\n");
};

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ");
