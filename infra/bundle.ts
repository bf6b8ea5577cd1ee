import { copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure } from "esbuild";
import { type AgentSpec, isAgentSpec, toManifestEntry } from "../functions/shared/agent/agent-spec.ts";
import { breachOfRuleOfTwo } from "../functions/shared/agent/rule-of-two.ts";
import { AgentManifest } from "../functions/shared/contracts/agent-manifest.ts";
import { HUMAN } from "../functions/shared/contracts/human.ts";
import { CALLER } from "../functions/shared/contracts/ids.ts";
import { compileFunctions } from "./compile-functions.ts";

export interface BundleOptions {
  /** The repository. */
  readonly root: string;
  /** Gets one folder per function; what else is in it stays. */
  readonly outDir: string;
  /** Default: `functions/agents` of the repository. */
  readonly agentsDir?: string | undefined;
  readonly minify?: boolean | undefined;
}

export interface BundledFunction {
  /** `planner`, `api`: the name of its folder. */
  readonly name: string;
  readonly isAgent: boolean;
  /**
   * A self-contained folder: `index.mjs`, and what it reads: `manifest.json`, an agent's `prompt.md`, the
   * sandbox's `thread.mjs` and `guest/`, and WebAssembly modules.
   */
  readonly folder: string;
}

export interface BundleResult {
  readonly functions: readonly BundledFunction[];
  readonly manifest: AgentManifest;
  readonly warnings: readonly AgentWarning[];
  /** Every file of the bundles outside node_modules, absolute: when one changes, bundle again. */
  readonly sources: readonly string[];
}

/** What works, and what somebody should know of all the same before it runs: one line without the agent's name. */
export interface AgentWarning {
  readonly agent: string;
  readonly text: string;
}

/** What is wrong with a function's folder, in one line that begins with the file. */
export class BundleError extends Error {
  override readonly name = "BundleError";
}

/**
 * Bundles each function once, for the stack and the local host alike. A folder under `functions/`
 * that contains `handler.ts` is a function; every folder under `functions/agents/` is an agent.
 * Rejects with BundleError when a folder is not what it has to be.
 */
export const bundle = async (options: BundleOptions): Promise<BundleResult> => {
  const folders = findFunctions(options);
  // Alone, a function keeps only what it reaches itself of what it shares; together they are built sooner.
  const builds = options.minify === true ? folders.map((folder) => [folder]) : [folders];
  const [specs, inputs] = await Promise.all([
    loadSpecs(options.root, folders),
    Promise.all(builds.map((build) => compile(options, build))),
  ]);
  const manifest = toManifest(specs);
  const functions = folders.map((folder) => toBundled(options, folder));
  for (const { folder } of functions) {
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest, null, 2));
  }
  const prompts = folders.filter(({ isAgent }) => isAgent).map(({ path }) => join(path, "prompt.md"));
  for (const { path, name, isAgent } of folders) {
    if (isAgent) copyFileSync(join(path, "prompt.md"), join(options.outDir, name, "prompt.md"));
  }
  const sources = new Set([...inputs.flat().map((input) => join(options.root, input)), ...prompts]);
  return {
    functions,
    manifest,
    warnings: specs.flatMap((spec) => {
      const text = breachOfRuleOfTwo(spec);
      return text === undefined ? [] : [{ agent: spec.name, text }];
    }),
    sources: [...sources].filter((file) => !file.includes("node_modules")).sort(),
  };
};

interface SourceFolder {
  readonly name: string;
  readonly path: string;
  readonly isAgent: boolean;
}

/** What there is to bundle, by name; throws BundleError when an agent's folder lacks a file. */
export const findFunctions = ({
  root,
  agentsDir = join(root, "functions", "agents"),
}: Pick<BundleOptions, "root" | "agentsDir">): SourceFolder[] => {
  const functions = foldersIn(join(root, "functions"))
    .filter(({ path }) => existsSync(join(path, "handler.ts")))
    .map((folder) => ({ ...folder, isAgent: false }));
  const agents = foldersIn(agentsDir).map((folder) => ({ ...folder, isAgent: true }));
  for (const { name, path } of agents) {
    const meaning = RESERVED_NAMES.get(name);
    if (meaning !== undefined) {
      throw new BundleError(`${relative(root, path)}: "${name}" is ${meaning}; give the folder another name`);
    }
    for (const file of ["agent.ts", "handler.ts", "prompt.md"]) {
      if (!existsSync(join(path, file))) throw new BundleError(`${relative(root, path)}: ${file} is missing`);
    }
    if (functions.some((one) => one.name === name)) {
      throw new BundleError(`${relative(root, path)}: functions/${name} has this name already`);
    }
  }
  if (agents.length === 0) throw new BundleError(`${relative(root, agentsDir)}: there is no agent in it`);
  return [...functions, ...agents].sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Names that stand for somebody who is no agent. */
const RESERVED_NAMES: ReadonlyMap<string, string> = new Map([
  [HUMAN, "the person whom agents ask"],
  [CALLER, "who calls the API"],
]);

const foldersIn = (path: string): { name: string; path: string }[] =>
  existsSync(path)
    ? readdirSync(path)
        .filter((name) => !name.startsWith(".") && statSync(join(path, name)).isDirectory())
        .map((name) => ({ name, path: join(path, name) }))
    : [];

/** Throws BundleError with the file and the line that esbuild cannot make anything of. */
const compile = async (options: BundleOptions, folders: readonly SourceFolder[]): Promise<string[]> => {
  try {
    return await compileFunctions(options, folders);
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (first === undefined) throw error;
    const place = first.location === null ? "" : `${first.location.file}:${first.location.line}: `;
    throw new BundleError(`${place}${oneLine(first.text)}`, { cause: error });
  }
};

const loadSpecs = (root: string, folders: readonly SourceFolder[]): Promise<AgentSpec[]> =>
  Promise.all(folders.filter(({ isAgent }) => isAgent).map((folder) => loadSpec(root, folder)));

/** By path: nothing in the repository lists the agents. */
const loadSpec = async (root: string, { name, path }: SourceFolder): Promise<AgentSpec> => {
  const file = join(path, "agent.ts");
  const place = relative(root, file);
  const url = pathToFileURL(file);
  url.searchParams.set("version", String(statSync(file).mtimeMs)); // modules are kept for ever otherwise
  let exports: Record<string, unknown>;
  try {
    exports = (await import(/* @vite-ignore */ url.href)) as Record<string, unknown>;
  } catch (error) {
    throw new BundleError(`${place}: ${oneLine(String((error as Error)?.message ?? error))}`, {
      cause: error,
    });
  }
  const specs = Object.values(exports).filter(isAgentSpec);
  const [spec] = specs;
  if (spec === undefined || specs.length > 1) {
    throw new BundleError(
      `${place}: exports ${specs.length} agents; it must export the one that defineAgent made`,
    );
  }
  if (spec.name !== name) {
    throw new BundleError(
      `${place}: the agent is named "${spec.name}", its folder "${name}"; they must be the same`,
    );
  }
  return spec;
};

/** `handoffs` defaults to all other agents; naming one that is not there is a mistake. */
const toManifest = (specs: readonly AgentSpec[]): AgentManifest => {
  const names = specs.map(({ name }) => name);
  return AgentManifest.parse(
    specs.map((spec) => {
      const entry = toManifestEntry(spec);
      const unknown = entry.handoffs?.find((peer) => !names.includes(peer));
      if (unknown !== undefined) {
        throw new BundleError(
          `agent ${spec.name}: handoffs: there is no agent "${unknown}"; there are ${names.join(", ")}`,
        );
      }
      return { ...entry, handoffs: entry.handoffs ?? names.filter((name) => name !== spec.name) };
    }),
  );
};

const toBundled = ({ outDir }: BundleOptions, { name, isAgent }: SourceFolder): BundledFunction => ({
  name,
  isAgent,
  folder: join(outDir, name),
});

const oneLine = (text: string): string =>
  text
    .replaceAll(/\s*\n\s*/g, "; ")
    .trim()
    .slice(0, 500);
