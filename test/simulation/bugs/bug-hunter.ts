import { parentPort, workerData } from "node:worker_threads";
import { PLANTED_BUGS } from "./all-bugs.ts";
import { plant } from "./plant.ts";

export interface BugTask {
  readonly bug: string;
  readonly seeds: readonly number[];
  readonly seconds: number;
}

export interface BugCaught {
  /** `undefined` when no world noticed. */
  readonly seed: number | undefined;
  readonly worlds: number;
  readonly by: string;
}

// A thread of its own, because a module is loaded once: the bug must be there before the product is.
const { bug, seeds, seconds } = workerData as BugTask;
const planted = PLANTED_BUGS.find(({ name }) => name === bug);
if (planted === undefined) throw new Error(`there is no bug "${bug}"`);
plant(planted);
const { runWorld } = await import("../world.ts");

const until = performance.now() + seconds * 1000;
let caught: BugCaught = { seed: undefined, worlds: 0, by: "" };
for (const seed of seeds) {
  if (performance.now() > until) break;
  const worlds = caught.worlds + 1;
  caught = { ...caught, worlds };
  const noticed = await noticedIn(seed);
  if (noticed === undefined) continue;
  caught = { seed, worlds, by: noticed };
  break;
}
parentPort?.postMessage(caught);

async function noticedIn(seed: number): Promise<string | undefined> {
  try {
    return (await runWorld({ seed })).violation?.message;
  } catch (error) {
    // A handler that cannot even answer is as good as caught.
    return `the world broke: ${error instanceof Error ? error.message : String(error)}`;
  }
}
