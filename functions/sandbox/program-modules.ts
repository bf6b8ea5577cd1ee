import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { Program } from "../shared/contracts/sandbox.ts";
import { isRelative, resolveImport } from "../shared/kernel/resolve-import.ts";

/** What the sandbox itself brings along: the folder `guest`, beside this module and beside the bundle. */
const GUEST = new URL("guest/", import.meta.url);
export const GUEST_MAIN = "guest:main.mjs";

/** Packages that a program may import, by the module that stands for them. */
const PACKAGES: Readonly<Record<string, string>> = {
  vitest: "guest:vitest.mjs",
  "node:test": "guest:vitest.mjs",
  "node:assert": "guest:assert.mjs",
  "node:assert/strict": "guest:assert.mjs",
  assert: "guest:assert.mjs",
  "assert/strict": "guest:assert.mjs",
};

const PROCESSES = /^(node:)?(child_process|cluster|worker_threads|process)$/;

/** Why a module cannot be had; `name` is the code that the program fails with when it lets it through. */
export class ModuleError extends Error {
  override readonly name: string;
  constructor(name: "CODE_IMPORT" | "CODE_PROCESSES" | "SyntaxError", message: string) {
    super(message);
    this.name = name;
  }
}

/** The modules that a program can reach: its own files, and what the sandbox brings along. No disk, no network. */
export class ProgramModules {
  readonly #texts: ReadonlyMap<string, string>;

  constructor({ files }: Program) {
    this.#texts = new Map(files.map(({ path, text }) => [path, text]));
  }

  /** The one name of the module that `importer` means; throws ModuleError. */
  nameOf(importer: string, specifier: string): string {
    if (importer.startsWith("guest:") && specifier.startsWith("./")) return `guest:${specifier.slice(2)}`;
    const standIn = Object.hasOwn(PACKAGES, specifier) ? PACKAGES[specifier] : undefined;
    if (standIn !== undefined) return standIn;
    if (PROCESSES.test(specifier)) {
      throw new ModuleError(
        "CODE_PROCESSES",
        `${importer} imports "${specifier}": there are no processes and no threads in the sandbox`,
      );
    }
    const isEntry = importer === GUEST_MAIN && this.#texts.has(specifier);
    const name = isEntry
      ? specifier
      : isRelative(specifier) && !importer.startsWith("guest:")
        ? resolveImport(importer, specifier, (path) => this.#texts.has(path))
        : undefined;
    if (name !== undefined) return name;
    throw new ModuleError("CODE_IMPORT", `${importer} imports "${specifier.slice(0, 200)}": ${HINT}`);
  }

  /** JavaScript in which every line and column is where it was; throws ModuleError. */
  sourceOf(name: string): string {
    if (name.startsWith("guest:")) return readFileSync(new URL(name.slice("guest:".length), GUEST), "utf8");
    const text = this.#texts.get(name) ?? "";
    if (name.endsWith(".json")) return `export default JSON.parse(${JSON.stringify(text)});`;
    return /\.m?js$/.test(name) ? text : withoutTypes(name, text);
  }
}

const HINT =
  'there is no such file. A program may import files of the workspace by relative paths, "vitest", "node:test" and "node:assert"; there are no other packages, no files and no network';

const withoutTypes = (name: string, text: string): string => {
  try {
    return stripTypeScriptTypes(text);
  } catch (error) {
    throw new ModuleError("SyntaxError", problemOf(name, error));
  }
};

/** Node puts the place and the line above the stack: `file:line`, the line, a mark below it. */
const problemOf = (name: string, error: unknown): string => {
  const { message, stack = "", code } = error as NodeJS.ErrnoException;
  if (code === "ERR_INTERNAL_ASSERTION" || error instanceof RangeError)
    return `${name} is nested too deeply to be parsed`;
  const [place = "", ...lines] = stack.split("\n");
  const line = /:(\d+)$/.exec(place)?.[1];
  const shown = lines.slice(0, Math.max(0, lines.indexOf(""))).join("\n");
  const help =
    code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" ? "; only types that can be erased may be used" : "";
  return `${message}${help}\n    at ${name}${line === undefined ? "" : `:${line}`}${shown === "" ? "" : `\n${shown}`}`;
};
