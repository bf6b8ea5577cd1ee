import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { FirstFile } from "../../functions/shared/contracts/api.ts";
import { nearestName } from "../../functions/shared/kernel/nearest-name.ts";
import { UsageError } from "./errors.ts";

/** A request of `examples/`, in its own words, with the files that it speaks of. */
export interface Example {
  /** Of its folder, and of its script for the scripted model server. */
  readonly name: string;
  readonly request: string;
  readonly files: readonly FirstFile[];
}

const FOLDER = fileURLToPath(new URL("../../examples", import.meta.url));

/** Throws UsageError with the nearest name and all others when there is none of this name. */
export const readExample = (name: string): Example => {
  const names = exampleNames();
  if (!names.includes(name)) {
    const near = nearestName(name, names);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    throw new UsageError(
      `there is no example "${name.slice(0, 80)}"${meant}`,
      `examples: ${names.join(", ")}`,
    );
  }
  const folder = join(FOLDER, name);
  return { name, request: readFileSync(join(folder, "request.md"), "utf8").trim(), files: filesOf(folder) };
};

/** A folder with a request is an example; nothing lists them. */
export const exampleNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => existsSync(join(FOLDER, name, "request.md")))
    .sort();

const filesOf = (folder: string): FirstFile[] => {
  const workspace = join(folder, "workspace");
  return globSync("**/*", { cwd: workspace })
    .filter((path) => statSync(join(workspace, path)).isFile())
    .sort()
    .map((path) => ({
      path: path.split(sep).join("/"),
      content: readFileSync(join(workspace, path), "utf8"),
    }));
};
