/**
 * `npm run mutation [PART [FOLDER]]`: changes the code in every small way Stryker knows, and counts
 * the changes that no test notices. Slow, so it is no part of `npm test`; Stryker is installed on its
 * first run. With a FOLDER the results stay there, and the next run tests only what has changed since.
 * Exit code 1 when a part scores below SCORE_MIN.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { misused, scriptOptions } from "../../infra/script-options.ts";
import { PARTS, type Part } from "./parts.ts";

const SCORE_MIN = 85;
const HERE = import.meta.dirname;
const STRYKER = join(HERE, "node_modules/@stryker-mutator/core/bin/stryker.js");

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}
interface Mutant {
  readonly status: string;
}

const install = (): void => {
  if (existsSync(STRYKER)) return;
  const { status } = spawnSync("npm", ["ci", "--prefix", HERE], { stdio: "inherit" });
  if (status !== 0) throw new Error("Stryker could not be installed");
};

const reportOf = (part: Part, folder: string): Report => {
  const stem = join(folder, part.name.replaceAll(" ", "-"));
  const config = `${stem}.config.json`;
  const fileName = `${stem}.report.json`;
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
      plugins: ["@stryker-mutator/vitest-runner"],
      // TypeScript 7 has no compiler API to rewrite a tsconfig.json with.
      tsconfigFile: "none.json",
      mutate: part.sources,
      coverageAnalysis: "perTest",
      // Constants and schemas are made once per process: each such mutant would need a process of its own.
      ignoreStatic: true,
      concurrency: 1,
      incremental: true,
      incrementalFile: `${stem}.incremental.json`,
      reporters: ["progress-append-only", "clear-text", "json"],
      clearTextReporter: { reportTests: false, logTests: false, allowColor: false },
      jsonReporter: { fileName },
      ignorePatterns: ["bench", "docs", "infra/aws", "test/mutation/node_modules"],
    }),
  );
  const { status } = spawnSync(process.execPath, [STRYKER, "run", config], {
    stdio: "inherit",
    env: { ...process.env, MUTATION_TESTS: part.tests.join(",") },
  });
  if (status !== 0) throw new Error(`Stryker ended with ${status}`);
  return JSON.parse(readFileSync(fileName, "utf8")) as Report;
};

/** Of the mutants that could be judged at all, how many were noticed. */
const lineOf = (name: string, { files }: Report): { readonly text: string; readonly score: number } => {
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  const count = (...statuses: string[]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const noticed = count("Killed", "Timeout");
  const judged = noticed + count("Survived", "NoCoverage");
  const score = judged === 0 ? 100 : (100 * noticed) / judged;
  const text = `${name}: ${score.toFixed(1)} %, ${noticed} of ${judged} mutants noticed, ${count("Ignored")} static ones left out`;
  return { text, score };
};

const USAGE = "npm run mutation -- [PART [FOLDER]]";
const { positionals } = scriptOptions(USAGE, { allowPositionals: true });
const [wanted, kept] = positionals;
const parts = PARTS.filter(({ name }) => wanted === undefined || name.includes(wanted));
if (parts.length === 0)
  misused(USAGE, `there is no part "${wanted}"; there are ${PARTS.map(({ name }) => name).join(", ")}`);
install();
const folder = kept ?? mkdtempSync(join(tmpdir(), "bulkhead-mutation-"));
mkdirSync(folder, { recursive: true });
try {
  const lines = parts.map((part) => lineOf(part.name, reportOf(part, folder)));
  for (const { text } of lines) console.log(text);
  process.exitCode = lines.every(({ score }) => score >= SCORE_MIN) ? 0 : 1;
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
