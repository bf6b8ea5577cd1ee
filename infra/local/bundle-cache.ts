import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BundleOptions, type BundleResult, bundle, findFunctions } from "../bundle.ts";

/** A host that has run for longer than this on bundles that were replaced since must be restarted. */
const KEPT_MS = 7 * 86_400_000;
/** What makes the bundles is as much their source as what they are made of. */
const BUNDLER = ["../bundle.ts", "../compile-functions.ts", "../slim-bundle.ts"].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
);

interface Entry {
  /** Hash by file. node_modules are represented by npm's own record of what is installed. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Where the bundles are, within the cache. */
  readonly build: string;
  readonly result: BundleResult;
}

/**
 * The bundles of a repository, made anew only when a source changed since: a second start of the
 * host pays 10 ms for them instead of half a second.
 *
 *   C1. A build is never changed once it has its name, so that a running host can start children
 *       from it while another host makes the next one.
 *   C2. A source that changes while it is bundled leaves no entry behind.
 */
export const cachedBundle = async (
  options: Omit<BundleOptions, "outDir">,
  cacheDir: string = join(options.root, "dist", "local"),
): Promise<BundleResult> => {
  const index = join(cacheDir, `${hash(JSON.stringify(options)).slice(0, 16)}.json`);
  const folders = findFunctions(options);
  const entry = readEntry(index);
  if (entry !== undefined && isCurrent(entry, cacheDir, options.root, folders)) return entry.result;

  const startedAt = Date.now();
  const build = randomUUID();
  const outDir = join(cacheDir, build);
  mkdirSync(outDir, { recursive: true });
  const result = await bundle({ ...options, outDir });
  const isSettled = result.sources.every((file) => statSync(file).mtimeMs < startedAt);
  if (isSettled) writeEntry(index, { hashes: hashesOf(options.root, result.sources), build, result });
  removeOld(cacheDir);
  return result;
};

const readEntry = (index: string): Entry | undefined => {
  try {
    return JSON.parse(readFileSync(index, "utf8")) as Entry;
  } catch {
    return undefined; // absent, or of another version
  }
};

const writeEntry = (index: string, entry: Entry): void => {
  const draft = `${index}.${entry.build}`;
  writeFileSync(draft, JSON.stringify(entry));
  renameSync(draft, index);
};

const isCurrent = (
  entry: Entry,
  cacheDir: string,
  root: string,
  folders: readonly { name: string }[],
): boolean => {
  const names = entry.result.functions.map(({ name }) => name);
  if (!existsSync(join(cacheDir, entry.build)) || !sameNames(names, folders)) return false;
  const now = hashesOf(root, entry.result.sources);
  return Object.entries(now).every(([file, hashNow]) => entry.hashes[file] === hashNow);
};

const sameNames = (names: readonly string[], folders: readonly { name: string }[]): boolean =>
  names.length === folders.length && folders.every(({ name }) => names.includes(name));

const hashesOf = (root: string, sources: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    [...sources, ...BUNDLER, join(root, "node_modules", ".package-lock.json")].map((file) => [
      file,
      existsSync(file) ? hash(readFileSync(file)) : "",
    ]),
  );

const removeOld = (cacheDir: string): void => {
  for (const name of readdirSync(cacheDir)) {
    const path = join(cacheDir, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
};

const hash = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
