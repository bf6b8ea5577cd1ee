import { Writable } from "node:stream";
import type { Context, Output } from "../../../../infra/cli/context.ts";
import { main } from "../../../../infra/cli/main.ts";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Exited extends Error {}

/** A process that a test looks into: what was written, and the interrupts it is sent. */
export class FakeProcess implements Context {
  readonly env: Record<string, string | undefined>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<string>;
  readonly prompt: Context["prompt"];
  exitedWith: number | undefined;
  readonly #written = { stdout: "", stderr: "" };
  readonly #listeners = new Set<(count: number) => void>();
  #interrupts = 0;

  constructor(
    options: {
      env?: Record<string, string>;
      stdin?: string;
      terminal?: { columns: number };
      typed?: (string | undefined)[];
    } = {},
  ) {
    const typed = options.typed;
    this.prompt =
      typed === undefined
        ? undefined
        : async (text) => {
            const line = typed.shift();
            this.stderr.write(`${text}${line ?? "^C"}\n`);
            return line;
          };
    this.env = options.env ?? {};
    this.stdout = this.#stream("stdout", options.terminal);
    this.stderr = this.#stream("stderr", options.terminal);
    this.stdin = (async function* () {
      yield options.stdin ?? "";
    })();
  }

  onInterrupt(listener: (count: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  exit(code: number): never {
    this.exitedWith = code;
    throw new Exited();
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#interrupts += 1;
    for (const listener of this.#listeners) {
      try {
        listener(this.#interrupts);
      } catch (error) {
        if (!(error instanceof Exited)) throw error;
      }
    }
  }

  async run(...args: string[]): Promise<Ran> {
    const exitCode = await main(args, this);
    return { exitCode, ...this.#written };
  }

  get written(): { readonly stdout: string; readonly stderr: string } {
    return this.#written;
  }

  #stream(name: "stdout" | "stderr", terminal?: { columns: number }): Output {
    const stream: Output = new Writable({
      write: (chunk, _encoding, written) => {
        this.#written[name] += String(chunk);
        written();
      },
    });
    return terminal === undefined ? stream : Object.assign(stream, { isTTY: true, rows: 24, ...terminal });
  }
}

/** One command line in a process of its own that is no terminal. */
export const bulkhead = (args: readonly string[], options?: ConstructorParameters<typeof FakeProcess>[0]) =>
  new FakeProcess(options).run(...args);
