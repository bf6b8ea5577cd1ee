import type { Context } from "./context.ts";
import { UsageError } from "./errors.ts";
import { printable } from "./view/safe-text.ts";

const LEVELS = ["info", "warn", "error"] as const;
export type LogLevel = (typeof LEVELS)[number];

/** What functions of an embedded host print at least; errors when nobody asked for more. */
export const logLevelOf = (env: Context["env"], isVerbose = false): LogLevel => {
  const asked = env["BULKHEAD_LOG_LEVEL"];
  if (isVerbose) return "info";
  if (asked === undefined || asked === "") return "error";
  const level = LEVELS.find((one) => one === asked);
  if (level === undefined)
    throw new UsageError(`BULKHEAD_LOG_LEVEL takes info, warn or error, not "${asked.slice(0, 80)}"`);
  return level;
};

/** What the functions of an embedded host print, and what it has to say of them, line by line. */
export class HostLog {
  #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Progress that is redrawn in place has to write the lines itself, so that they are not drawn over. */
  redirect(write: (line: string) => void): void {
    this.#write = write;
  }

  /** When the host is about to stop, what it cuts short is no news. */
  mute(): void {
    this.#write = () => {};
  }

  /** What startHost takes as its `log`. */
  readonly log = (source: string, text: string): void => {
    for (const line of printable(text).split("\n")) {
      if (line.trim() !== "") this.#write(`${source}  ${line}`);
    }
  };
}
