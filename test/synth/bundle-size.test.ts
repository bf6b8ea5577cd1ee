import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BundledFunction, type BundleResult, bundle } from "../../infra/bundle.ts";
import { bundleAlone } from "./bundle-alone.ts";
import { root } from "./synthesised.ts";

/**
 * Decimal, which is the stricter reading; all pieces of a function together, also those that it loads
 * later, but not those that only an agent loads which asks for them in its `agent.ts` or has limits, nor the store
 * that only the embedded host's settings ask for.
 */
const KB = 1_000;
const BUDGET_KB = { coordinator: 350, agent: 600 };
const IMPORT_RATIO_MAX = 1.5;
const ASKED_FOR =
  /^(mcp-tool-servers|account-minute|web-client|lambda-sandbox|bedrock-signature|structured-output|sqlite-store)-/;
/** The least of several is what the machine can do; anything above it is what else it was doing. */
const REPETITIONS = 7;

const COORDINATOR_CLIENTS = {
  "@aws-sdk/client-dynamodb": [
    "DynamoDBClient",
    "BatchGetItemCommand",
    "GetItemCommand",
    "PutItemCommand",
    "QueryCommand",
    "UpdateItemCommand",
  ],
  "@aws-sdk/client-sqs": ["SQSClient", "ChangeMessageVisibilityCommand", "SendMessageCommand"],
};
/** What the adapters import of the SDK and nothing else: the least that an import can cost. */
const CLIENTS: Readonly<Record<keyof typeof BUDGET_KB, Readonly<Record<string, readonly string[]>>>> = {
  coordinator: COORDINATOR_CLIENTS,
  agent: {
    ...COORDINATOR_CLIENTS,
    "@aws-sdk/client-s3": ["S3Client", "GetObjectCommand", "PutObjectCommand"],
    "@aws-sdk/client-secrets-manager": ["SecretsManagerClient", "GetSecretValueCommand"],
  },
};

let folder: string;
let bundles: BundleResult;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-size-"));
  bundles = await bundle({ root, outDir: folder, minify: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const piecesOf = ({ folder: path }: BundledFunction): string[] =>
  readdirSync(path)
    .filter((file) => file.endsWith(".mjs"))
    .map((file) => join(path, file));

const sizeOf = ({ folder: path }: BundledFunction): number => {
  const loaded = new Set(["index.mjs"]);
  for (const piece of loaded) {
    for (const next of importsOf(join(path, piece))) if (!ASKED_FOR.test(next)) loaded.add(next);
  }
  return [...loaded].reduce((sum, piece) => sum + statSync(join(path, piece)).size, 0);
};

const importsOf = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/["'`]\.\/([\w-]+\.mjs)["'`]/g)].map(([, piece]) => piece ?? "");

const kindOf = ({ name, isAgent }: BundledFunction): keyof typeof BUDGET_KB | undefined => {
  if (isAgent) return "agent";
  return name === "coordinator" ? "coordinator" : undefined;
};

test("every bundle is within its size budget", () => {
  for (const fn of bundles.functions) {
    const kind = kindOf(fn);
    const budget = kind === undefined ? undefined : BUDGET_KB[kind];
    console.log(
      `${fn.name}: ${(sizeOf(fn) / KB).toFixed(0)} KB${budget === undefined ? "" : ` of ${budget}`}`,
    );
    if (budget !== undefined) expect(sizeOf(fn), fn.name).toBeLessThanOrEqual(budget * KB);
  }
});

test("every bundle can be imported by itself, and what that costs is told beside the SDK clients alone", async () => {
  // All pieces, those too that a first invocation asks for later or never: more than a cold start pays.
  const modules = new Map(bundles.functions.map((fn) => [fn.name, piecesOf(fn)]));
  for (const kind of ["coordinator", "agent"] as const) {
    modules.set(`clients of ${kind}`, [await bundleClients(kind)]);
  }
  const least = new Map([...modules.keys()].map((name) => [name, Number.POSITIVE_INFINITY]));
  // In turn, so that a busy second is shared by all.
  for (let n = 0; n < REPETITIONS; n++) {
    for (const [name, files] of modules) {
      least.set(name, Math.min(least.get(name) ?? 0, coldImportMs(files)));
    }
  }
  for (const [name, ms] of least) console.log(`${name}: cold import ${ms.toFixed(1)} ms`);
  for (const fn of bundles.functions) {
    const kind = kindOf(fn);
    if (kind === undefined) continue;
    const ratio = (least.get(fn.name) ?? 0) / (least.get(`clients of ${kind}`) ?? 0);
    // Told and not asserted: on a busy machine a time decides nothing.
    console.log(`${fn.name}: ${ratio.toFixed(2)} x its SDK clients, budget ${IMPORT_RATIO_MAX}`);
    expect(ratio, fn.name).toBeGreaterThan(0);
  }
});

/** As a user of the SDK bundles it: shaken and minified, with nothing left out by hand. */
const bundleClients = async (kind: keyof typeof CLIENTS): Promise<string> => {
  const outfile = join(folder, `clients-of-${kind}`, "index.mjs");
  const exports = Object.entries(CLIENTS[kind]).map(
    ([client, names]) => `export { ${names.join(", ")} } from "${client}";`,
  );
  await bundleAlone(exports.join("\n"), outfile);
  return outfile;
};

/** In a process of its own, without the process's start. */
const coldImportMs = (files: readonly string[]): number => {
  const urls = files.map((file) => pathToFileURL(file).href);
  const script = `const before = performance.now();
for (const url of ${JSON.stringify(urls)}) await import(url);
console.log(performance.now() - before);`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  return Number(printed.trim().split("\n").at(-1));
};
