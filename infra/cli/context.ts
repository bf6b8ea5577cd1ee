import type { Writable } from "node:stream";

/** A stream to write to; the three are there when it is a terminal. */
export type Output = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** One line from the person at the keyboard; `undefined` when they press Ctrl-C, or the signal is aborted. */
export type Prompt = (text: string, signal: AbortSignal) => Promise<string | undefined>;

/** Everything a command may touch of its process, so that a test can stand in for it. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results only. */
  readonly stdout: Output;
  /** Progress, notes and errors. */
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /**
   * Calls `listener` for every SIGINT or SIGTERM with its count, from 1, until the returned
   * function is called. While nobody listens, the process ends at once, as it would by itself.
   */
  onInterrupt(listener: (count: number) => void): () => void;
  /** There where a person can be asked: on a terminal. */
  readonly prompt?: Prompt | undefined;
  /** Ends the process now; for the second Ctrl-C. */
  exit(code: number): never;
}

/** Whether what stands on stderr can be replaced by something else. */
export const canRedraw = ({ stderr, env }: Pick<Context, "stderr" | "env">): boolean =>
  stderr.isTTY === true && env["TERM"] !== "dumb";

/** What a shell reports for a process that a SIGINT ended. */
export const INTERRUPTED = 130;

export const processContext = (): Context => ({
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  onInterrupt: (listener) => {
    let count = 0;
    const heard = () => listener(++count);
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, heard);
    return () => {
      for (const signal of signals) process.off(signal, heard);
    };
  },
  prompt: process.stdin.isTTY && process.stderr.isTTY ? promptOnTerminal : undefined,
  exit: (code) => process.exit(code),
});

const promptOnTerminal: Prompt = async (text, signal) => {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  // The terminal is in raw mode: Ctrl-C is a key, and means this question only.
  lines.on("SIGINT", () => left.abort());
  try {
    return await lines.question(text, { signal: AbortSignal.any([signal, left.signal]) });
  } catch {
    process.stderr.write("\n");
    return undefined;
  } finally {
    lines.close();
  }
};
