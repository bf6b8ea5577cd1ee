import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { Metafile } from "esbuild";
import { slimBundle } from "./slim-bundle.ts";

export interface CompileOptions {
  readonly root: string;
  readonly outDir: string;
  readonly minify?: boolean | undefined;
}

/** A folder with a `handler.ts`. */
export interface FunctionFolder {
  readonly name: string;
  readonly path: string;
}

/** Beside a handler: what it runs in a thread of its own, a bundle of its own beside the function's. */
const THREAD = "thread";
/** Beside a handler: modules that it does not import but reads, copied as they are. */
const GUEST = "guest";

/**
 * One build, in which esbuild reads, links and prints once what its functions share; then each
 * function gets copies of the pieces it reaches. What is imported dynamically is a piece of its own,
 * which a child does not even read before it is asked for. Gives the files that were read,
 * by their paths in `root`. Rejects with esbuild's own failure.
 */
export const compileFunctions = async (
  { root, outDir, minify }: CompileOptions,
  folders: readonly FunctionFolder[],
): Promise<string[]> => {
  const { build } = await import("esbuild"); // not needed when the bundles are in the cache
  const { metafile, outputFiles } = await build({
    entryPoints: folders.flatMap(entryPointsOf).map(({ in: from, out }) => ({ in: from, out })),
    absWorkingDir: root,
    outdir: outDir,
    write: false,
    bundle: true,
    splitting: true,
    // What is imported dynamically keeps its name; esbuild calls the others "chunk".
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node24",
    format: "esm",
    // The SDK's CommonJS entry points cannot be shaken.
    mainFields: ["module", "main"],
    // For an agents folder outside the repository.
    nodePaths: [join(root, "node_modules")],
    // CommonJS dependencies ask for Node's modules by `require`, which a module does not have.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    minify: minify === true,
    plugins: [slimBundle],
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  });
  const contents = new Map(outputFiles.map((file) => [basename(file.path), file.contents]));
  const imports = importsByPiece(metafile);
  for (const folder of folders) {
    const target = join(outDir, folder.name);
    mkdirSync(target, { recursive: true });
    for (const { out, file } of entryPointsOf(folder)) {
      const entry = `${out}.mjs`;
      for (const piece of reachableFrom(entry, imports)) {
        writeFileSync(join(target, piece === entry ? file : piece), contents.get(piece) ?? "");
        copyWebAssembly(root, metafile, piece, target);
      }
    }
    for (const guest of guestsOf(folder)) cpSync(guest, join(target, GUEST, basename(guest)));
  }
  const guests = folders.flatMap(guestsOf).map((guest) => relative(root, guest));
  // What a plugin makes up is named by its namespace, and is no file.
  return [...Object.keys(metafile.inputs).filter((input) => !/^[\w-]+:/.test(input)), ...guests];
};

const entryPointsOf = ({ name, path }: FunctionFolder): { in: string; out: string; file: string }[] => [
  { in: join(path, "handler.ts"), out: name, file: "index.mjs" },
  ...(existsSync(join(path, `${THREAD}.ts`))
    ? [{ in: join(path, `${THREAD}.ts`), out: `${name}-${THREAD}`, file: `${THREAD}.mjs` }]
    : []),
];

const guestsOf = ({ path }: FunctionFolder): string[] => globSync(join(path, GUEST, "*"));

/** A WebAssembly module lies beside the JavaScript that loads it and has its name; so it does in the bundle. */
const copyWebAssembly = (root: string, { outputs }: Metafile, piece: string, folder: string): void => {
  const [, output] = Object.entries(outputs).find(([path]) => basename(path) === piece) ?? [];
  for (const input of Object.keys(output?.inputs ?? {})) {
    const wasm = join(root, input.replace(/\.m?js$/, ".wasm"));
    if (wasm.endsWith(".wasm") && existsSync(wasm)) copyFileSync(wasm, join(folder, basename(wasm)));
  }
};

type Imports = ReadonlyMap<string, readonly string[]>;

const importsByPiece = ({ outputs }: Metafile): Imports =>
  new Map(
    Object.entries(outputs).map(([path, { imports }]) => [
      basename(path),
      imports.filter(({ external }) => external !== true).map((one) => basename(one.path)),
    ]),
  );

const reachableFrom = (entry: string, imports: Imports): ReadonlySet<string> => {
  const reached = new Set([entry]);
  // A set is iterated in the order of insertion, what is added meanwhile included.
  for (const piece of reached) for (const next of imports.get(piece) ?? []) reached.add(next);
  return reached;
};
