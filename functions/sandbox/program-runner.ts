import { Worker } from "node:worker_threads";
import { LIMITS } from "../shared/contracts/limits.ts";
import type { Program, ProgramResult } from "../shared/contracts/sandbox.ts";
import { failed, type ProgramReport, timedOut } from "./program-report.ts";
import type { ThreadMessage } from "./thread.ts";

/** `thread.ts` beside this file, `thread.mjs` beside the bundle. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "thread.ts" : "thread.mjs", import.meta.url);
/** After its time a program has so long to stop by itself; then its thread is ended. */
const GRACE_MS = 1_000;
/** V8's, of which a call in QuickJS takes more than of QuickJS's own. */
const STACK_MB = 16;
const HEAP_MB = 96;

/**
 * Runs programs, each in a thread that nothing ran in before and nothing will run in after it.
 *
 *   R1. A thread ends with its program, however that ended: nothing is left for the next.
 *   R2. A program that does not stop is stopped: its thread is ended from outside.
 *   R3. The next thread is started while nobody waits for it. It is given nothing before its program.
 *   R4. A thread has no environment variables, no arguments and no standard streams.
 */
export class ProgramRunner {
  readonly #limitMs: number;
  #spare: Worker | undefined;

  constructor({ limitMs = LIMITS.codeMsMax }: { readonly limitMs?: number } = {}) {
    this.#limitMs = limitMs;
    this.#spare = this.#start();
  }

  /** Never rejects: whatever a program does is a result. */
  async run(program: Program): Promise<ProgramResult> {
    const thread = this.#spare ?? this.#start();
    this.#spare = undefined;
    try {
      return await watch(thread, program, this.#limitMs);
    } finally {
      await thread.terminate();
      this.#spare = this.#start();
    }
  }

  /** Ends the thread that waits. */
  async close(): Promise<void> {
    await this.#spare?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(THREAD, {
      env: {},
      argv: [],
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
    });
    thread.unref();
    thread.on("error", () => {}); // its exit tells
    thread.once("exit", () => {
      if (this.#spare === thread) this.#spare = undefined;
    });
    return thread;
  }
}

/** R2. Resolves with what the thread says at its end, or with what can be said in its place. */
const watch = (thread: Worker, program: Program, limitMs: number): Promise<ProgramResult> =>
  new Promise((resolve) => {
    let output = "";
    let isOutputCut = false;
    let timer: NodeJS.Timeout | undefined;
    const end = (report: ProgramReport): void => {
      clearTimeout(timer);
      resolve({ output, isOutputCut, ...report });
    };
    thread.on("message", (message: ThreadMessage) => {
      switch (message.type) {
        case "started":
          timer = setTimeout(() => end(timedOut(limitMs)), limitMs + GRACE_MS);
          break;
        case "printed":
          output += message.text;
          isOutputCut ||= message.isCut;
          break;
        case "ended":
          end(message.report);
          break;
      }
    });
    thread.once("error", (error: NodeJS.ErrnoException) => end(crashed(error)));
    thread.once("exit", () => end(crashed(undefined)));
    thread.postMessage({ program, limitMs });
  });

const crashed = (error: NodeJS.ErrnoException | undefined): ProgramReport =>
  error?.code === "ERR_WORKER_OUT_OF_MEMORY"
    ? failed("CODE_MEMORY", "it needs more memory than there is")
    : failed("CODE_CRASHED", `its thread ended${error === undefined ? "" : `: ${error.message}`}`);
