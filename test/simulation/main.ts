import { Worker } from "node:worker_threads";
import { misused, scriptOptions, wholeNumber } from "../../infra/script-options.ts";
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

const { values } = scriptOptions(USAGE, {
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "0" },
    seconds: { type: "string", default: "0" },
    jobs: { type: "string", default: "1" },
    from: { type: "string" },
  },
});
const number = (option: string, text: string): number => wholeNumber(USAGE, option, text);
const seconds = 60 * number("minutes", values.minutes) + number("seconds", values.seconds);
const jobs = number("jobs", values.jobs);
const from = values.from === undefined ? firstSeedOf(commitOf()) : number("from", values.from);

if (values.seed !== undefined) {
  process.exitCode = (await replay(number("seed", values.seed))) ? 0 : 1;
} else if (seconds === 0 || jobs === 0) {
  misused(USAGE, "neither a world nor a time to hunt is given");
} else {
  process.exitCode = (await huntTogether(seconds, jobs, from)) ? 0 : 1;
}
