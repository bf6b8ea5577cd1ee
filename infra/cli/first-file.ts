import { readFileSync } from "node:fs";
import { basename, isAbsolute, normalize, sep } from "node:path";
import type { FirstFile } from "../../functions/shared/contracts/api.ts";
import { UsageError } from "./errors.ts";

/**
 * A file of this machine as the request carries it: under the path that was typed when that lies
 * below this folder, under its bare name otherwise. Throws UsageError when it cannot be read, or is
 * no text.
 */
export const readFirstFile = (typed: string): FirstFile => {
  const path = normalize(typed).split(sep).join("/");
  const isBelow = !isAbsolute(typed) && path !== ".." && !path.startsWith("../");
  return { path: isBelow ? path : basename(path), content: readText(typed) };
};

const readText = (file: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--file ${file}: ${PROBLEMS[code ?? ""] ?? `it cannot be read (${code})`}`);
  }
};

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder; name its files one by one",
  EACCES: "you may not read it",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is no text in UTF-8, and a workspace holds texts only",
};
