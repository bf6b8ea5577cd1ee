import { readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { scriptOptions, wholeNumber } from "../../../infra/script-options.ts";
import { commitOf } from "../commit.ts";
import { NEW_SEEDS_FROM } from "../old-seeds.ts";
import { runWorld } from "../world.ts";
import { PLANTED_BUGS } from "./all-bugs.ts";
import type { BugCaught, BugTask } from "./bug-hunter.ts";
import type { PlantedBug } from "./planted-bug.ts";

// npm run sim:bugs                    every planted bug, its known seed first
// npm run sim:bugs -- --only <words>  those whose name or rule holds the words
// npm run sim:bugs -- --update        from seed 1 on, and write down which seed caught what

const USAGE =
  "npm run sim:bugs -- [--only WORDS] [--update] [--jobs J] [--worlds W] [--seconds S] [--from SEED]";
const { values } = scriptOptions(USAGE, {
  options: {
    only: { type: "string" },
    update: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
    /** Worlds per bug before it counts as not caught. */
    worlds: { type: "string", default: "3000" },
    seconds: { type: "string", default: "120" },
    from: { type: "string", default: "1" },
  },
});
const number = (option: "jobs" | "worlds" | "seconds" | "from"): number =>
  wholeNumber(USAGE, option, values[option]);
const jobs = number("jobs");
const worlds = number("worlds");
const secondsPerBug = number("seconds");
const from = number("from");

const SEEDS_FILE = new URL("./catching-seeds.json", import.meta.url);
const known = JSON.parse(readFileSync(SEEDS_FILE, "utf8")) as Record<string, number>;

const hunt = (task: BugTask): Promise<BugCaught> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./bug-hunter.ts", import.meta.url), { workerData: task });
    worker.once("message", (caught: BugCaught) => {
      resolve(caught);
      void worker.terminate();
    });
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a hunter ended with code ${code} and said nothing`)));
  });

const wanted = PLANTED_BUGS.filter(
  ({ name, rule }) => values.only === undefined || name.includes(values.only) || rule === values.only,
);
const seedsFor = ({ needsNewSeed = false }: PlantedBug): number[] => {
  const first = needsNewSeed ? Math.max(from, NEW_SEEDS_FROM) : from;
  return Array.from({ length: worlds }, (_, index) => first + index);
};
const startedAt = performance.now();
const found = new Map<string, BugCaught>();
const queue = [...wanted];

await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
      const first = known[bug.name];
      const seeds = seedsFor(bug);
      const order = values.update || first === undefined ? seeds : [first, ...seeds];
      const caught = await hunt({ bug: bug.name, seeds: order, seconds: secondsPerBug });
      found.set(bug.name, caught);
      const verdict = caught.seed === undefined ? "NOT CAUGHT" : `seed ${caught.seed}`;
      console.log(
        `${bug.rule.padEnd(8)} ${bug.name.padEnd(66)} ${verdict.padEnd(12)} ${String(caught.worlds).padStart(5)} worlds  ${caught.by.split(":")[0]}`,
      );
    }
  }),
);

// A seed in which the sound product breaks a promise too has caught nothing.
for (const seed of new Set([...found.values()].flatMap((caught) => caught.seed ?? []))) {
  const { violation } = await runWorld({ seed });
  if (violation === undefined) continue;
  console.log(`seed ${seed} breaks a promise without any bug: ${violation.message}`);
  process.exitCode = 1;
}
const missed = wanted.filter(({ name }) => found.get(name)?.seed === undefined);
if (values.update) {
  const seedsNow = Object.fromEntries(
    PLANTED_BUGS.flatMap(({ name }) => {
      const seed = found.get(name)?.seed ?? known[name];
      return seed === undefined ? [] : [[name, seed] as const];
    }),
  );
  writeFileSync(SEEDS_FILE, `${JSON.stringify(seedsNow, null, 2)}\n`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(
  `commit ${commitOf()}: ${wanted.length - missed.length} of ${wanted.length} planted bugs caught in ${seconds} s`,
);
if (missed.length > 0) process.exitCode = 1;
