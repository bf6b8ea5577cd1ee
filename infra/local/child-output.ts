import type { ChildProcess } from "node:child_process";

/** Of what a child says on standard error, kept for the message of its crash. */
const LAST_WORDS_MAX = 2_000;

type Log = (source: string, line: string) => void;

/** What a child prints: told to the log when there is one, and its end kept. */
export class ChildOutput {
  lastWords = "";

  constructor(child: ChildProcess, name: string, log: Log | undefined) {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-LAST_WORDS_MAX);
      log?.(name, text.trimEnd());
    });
    if (log !== undefined) forEachLine(child.stdout, (line) => log(name, line));
  }
}

const forEachLine = (stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void => {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
};
