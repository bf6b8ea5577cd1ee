import { LIMITS } from "../contracts/limits.ts";
import { PROGRAM_FILE_ENDINGS, type Program, type ProgramFile, programBytes } from "../contracts/sandbox.ts";
import type { FileRecord } from "../contracts/task-record.ts";
import { isRelative, resolveImport } from "../kernel/resolve-import.ts";
import { ToolRefusal } from "./tool.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The entry file, or `code` in its place, and all files of the workspace that it reaches by relative
 * imports. An import that leads nowhere is left for the program to fail on. Throws ToolRefusal
 * `FILE_NOT_FOUND`, `NOT_A_PROGRAM` or `PROGRAM_TOO_LARGE`.
 */
export const collectProgram = async (
  workspace: Workspace,
  entry: string,
  code: string | undefined,
): Promise<Program> => {
  const index = new Map((await workspace.list()).map((file) => [file.path, file]));
  const read = (path: string): Promise<ProgramFile> => readFile(workspace, index.get(path), path);
  let found = [code === undefined ? await read(entry) : { path: entry, text: code }];
  const files: ProgramFile[] = [];
  const seen = new Set([entry]);
  while (found.length > 0) {
    files.push(...found);
    checkSize(files);
    const next = new Set(
      found.flatMap((file) => importsOf(file, (path) => index.has(path) && !seen.has(path))),
    );
    for (const path of next) seen.add(path);
    found = await Promise.all([...next].map(read));
  }
  return { entry, files };
};

const readFile = async (
  workspace: Workspace,
  file: FileRecord | undefined,
  path: string,
): Promise<ProgramFile> => {
  if (file === undefined) {
    throw new ToolRefusal("FILE_NOT_FOUND", `there is no ${path}; list_files shows what there is`);
  }
  if (!PROGRAM_FILE_ENDINGS.some((ending) => path.endsWith(ending))) {
    throw new ToolRefusal(
      "NOT_A_PROGRAM",
      `${path}: a program's files end with ${PROGRAM_FILE_ENDINGS.join(", ")}`,
    );
  }
  return { path, text: await workspace.text(file) };
};

const checkSize = (files: readonly ProgramFile[]): void => {
  const bytes = programBytes(files);
  if (files.length <= LIMITS.programFilesMax && bytes <= LIMITS.programBytesMax) return;
  throw new ToolRefusal(
    "PROGRAM_TOO_LARGE",
    `it reaches ${files.length} files of ${bytes} bytes; a program may have ${LIMITS.programFilesMax} files and ${LIMITS.programBytesMax} bytes`,
  );
};

/** Everything that looks like an import, in comments and texts too: a file too many does no harm. */
const importsOf = ({ path, text }: ProgramFile, has: (path: string) => boolean): string[] =>
  [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'`]([^"'`\n]{1,500})["'`]/g)].flatMap(
    ([, specifier = ""]) => {
      const found = isRelative(specifier) ? resolveImport(path, specifier, has) : undefined;
      return found === undefined ? [] : [found];
    },
  );
