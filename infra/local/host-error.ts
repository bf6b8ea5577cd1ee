/** The host cannot start or go on. `message` is one line for people: what is wrong and what to do. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** What a command line should exit with. */
  readonly exitCode = 2;
}

/**
 * What a failing file system, port or database means to the person at the terminal; anything else
 * comes back as it was, because it is a bug of ours and should look like one.
 */
export const toHostError = (error: unknown, where: string): Error => {
  const advice = ADVICE[codeOf(error)];
  if (advice !== undefined) return new HostError(`${where} ${advice}`, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
};

const READ_ONLY = "cannot be written to; make it writable or choose another folder";
const DISK_FULL = "is on a full disk; free some space and start again";
const DAMAGED = "holds a damaged database; move the folder away and start anew";

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: READ_ONLY,
  EPERM: READ_ONLY,
  EROFS: READ_ONLY,
  ENOTDIR: "is not a folder; choose another",
  EEXIST: "is not a folder; choose another",
  ENOENT: "cannot be created; choose another folder",
  ENOSPC: DISK_FULL,
  EDQUOT: DISK_FULL,
  EADDRINUSE: "is taken; choose another with --port, or 0 for any free one",
  EMFILE: "has no file handles left; raise `ulimit -n`",
  // SQLite's primary result codes, see https://sqlite.org/rescode.html
  "SQLITE 8": READ_ONLY,
  "SQLITE 10": "is on a disk that reports errors; check it",
  "SQLITE 11": DAMAGED,
  "SQLITE 13": DISK_FULL,
  "SQLITE 14": READ_ONLY,
  "SQLITE 26": DAMAGED,
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "";
  if ("errcode" in error && typeof error.errcode === "number") return `SQLITE ${error.errcode & 0xff}`;
  return "code" in error ? String(error.code) : "";
};
