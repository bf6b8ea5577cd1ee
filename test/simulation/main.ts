import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { commitOf, firstSeedOf } from "./commit.ts";
import { type Catch, sumOf } from "./hunt.ts";
import { failureReport, huntReport } from "./report.ts";
import { runWorld } from "./world.ts";

// npm run sim -- --seed N                    replays one world and prints its trace
// npm run sim -- --minutes M [--jobs J]      hunts in fresh worlds
// npm run sim -- --seconds S --from N        hunts from a seed on

const USAGE = "npm run sim -- --seed N | --minutes M | --seconds S, with [--jobs J] [--from N]";

const replay = async (seed: number): Promise<boolean> => {
  const outcome = await runWorld({ seed, print: (line) => console.log(line) });
  console.log(
    `\nseed ${seed}: ${outcome.weather}, without ${outcome.ablation}, ${outcome.executions} executions, ${outcome.steps} steps, trace ${outcome.traceHash}`,
  );
  if (outcome.violation === undefined) console.log("every promise was kept");
  else console.log(`\n${failureReport(outcome, commitOf())}`);
  return outcome.violation === undefined;
};

const huntTogether = async (seconds: number, jobs: number, from: number): Promise<boolean> => {
  const startedAt = performance.now();
  const found = await Promise.all(
    Array.from({ length: jobs }, (_, job) => hunter({ firstSeed: from + job, stride: jobs, seconds })),
  );
  const commit = commitOf();
  console.log(huntReport(sumOf(found), (performance.now() - startedAt) / 1000, commit));
  const failedSeed = found.find((caught) => caught.failedSeed !== undefined)?.failedSeed;
  if (failedSeed === undefined) {
    console.log("every promise was kept");
    return true;
  }
  console.log(`\n${failureReport(await runWorld({ seed: failedSeed }), commit)}`);
  return false;
};

const hunter = (data: object): Promise<Catch & { failedSeed: number | undefined }> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./hunter.ts", import.meta.url), { workerData: data });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a hunter ended with code ${code} and said nothing`)));
  });

/** `undefined` when the arguments say nothing that can be done. */
const readArguments = () => {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: "string" },
        minutes: { type: "string" },
        seconds: { type: "string" },
        jobs: { type: "string", default: "1" },
        from: { type: "string" },
      },
    });
    const numbers = Object.entries(values).map(([name, value]) => [name, Number(value)] as const);
    const isSaid = values.seed !== undefined || values.minutes !== undefined || values.seconds !== undefined;
    if (!isSaid || numbers.some(([, number]) => !(number >= 0))) return undefined;
    return Object.fromEntries(numbers) as { [name in keyof typeof values]: number };
  } catch {
    return undefined;
  }
};

const given = readArguments();
if (given === undefined) {
  console.error(`usage: ${USAGE}; all are numbers, 0 or more`);
  process.exitCode = 2;
} else {
  const { seed, minutes = 0, seconds = 0, jobs = 1, from = firstSeedOf(commitOf()) } = given;
  const isKept =
    seed === undefined ? await huntTogether(60 * minutes + seconds, jobs, from) : await replay(seed);
  if (!isKept) process.exitCode = 1;
}
