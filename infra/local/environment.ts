import type { ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { ChildOutput } from "./child-output.ts";
import { FunctionError, type FunctionSettings } from "./function-settings.ts";
import type { Reaper } from "./reaper.ts";
import { spawnChild } from "./spawn-child.ts";

/** Lambda gives the init phase 10 s. */
const INIT_MS_MAX = 10_000;

/** What an environment needs from the host around it. */
export interface Surroundings {
  /** `host:port` of the Runtime API. */
  readonly runtimeApi: string;
  /** Each environment gets a folder of its own here, as Lambda's /tmp is its own. */
  readonly scratch: string;
  readonly reaper: Reaper;
  /** One line that a child wrote; without it, standard output is not read at all. */
  readonly log?: ((source: string, line: string) => void) | undefined;
}

interface Running {
  readonly resolve: (response: Buffer) => void;
  readonly reject: (error: FunctionError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One execution environment: a child process that is a process group of its own.
 *
 *   E1. It runs at most `slotsPerEnvironment` invocations at once, each in a slot that it offered.
 *   E2. Every invocation ends once: with a response, an error, a timeout, or the end of the child.
 *   E3. After a timeout it takes no new invocation, and its group is killed once no other runs.
 *   E4. When the child is gone, for whatever reason, nothing of its group is left.
 *   E5. It sees only its own settings' environment variables, and can name no other environment
 *       to the Runtime API: the name is an unguessable part of the address.
 */
export class Environment {
  readonly id: string = randomBytes(16).toString("hex");
  readonly settings: FunctionSettings;
  /** Resolves with the first slot; rejects when the child ends or fails before that. */
  readonly ready: Promise<void>;
  /** Resolves when the child is gone. */
  readonly ended: Promise<void>;
  readonly startedAt: number = performance.now();
  /** When it last had something to do, by `performance.now()`. */
  lastUsedAt: number = performance.now();

  readonly #child: ChildProcess;
  readonly #output: ChildOutput;
  readonly #scratch: string;
  readonly #onSlot: () => void;
  readonly #slots: ServerResponse[] = [];
  readonly #running = new Map<string, Running>();
  #isRetired = false;
  #becomeReady: () => void = () => {};
  #failToStart: (error: FunctionError) => void = () => {};

  constructor(settings: FunctionSettings, surroundings: Surroundings, onSlot: () => void) {
    this.settings = settings;
    this.#onSlot = onSlot;
    this.#scratch = join(surroundings.scratch, this.id);
    mkdirSync(this.#scratch);
    this.#child = spawnChild(settings, {
      runtimeApi: `${surroundings.runtimeApi}/${this.id}`,
      scratch: this.#scratch,
      hasLog: surroundings.log !== undefined,
    });
    if (this.#child.pid !== undefined) surroundings.reaper.watch(this.#child.pid);
    this.#child.stdin?.on("error", () => {}); // EPIPE when the child is gone first
    this.#output = new ChildOutput(this.#child, settings.name, surroundings.log);
    this.ready = this.#whenReady();
    this.ended = this.#whenEnded(surroundings.reaper);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): number {
    return this.#running.size;
  }

  get hasSlot(): boolean {
    return this.#slots.length > 0 && !this.#isRetired;
  }

  /** Only when `hasSlot`. Rejects with FunctionError; never settles twice and never hangs. */
  invoke(event: string): Promise<Buffer> {
    const slot = this.#slots.pop();
    if (slot === undefined) throw new Error("invoked without a slot");
    const requestId = randomUUID();
    const { name, timeoutMs } = this.settings;
    slot.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(event),
      "lambda-runtime-aws-request-id": requestId,
      "lambda-runtime-deadline-ms": String(Date.now() + timeoutMs),
      "lambda-runtime-invoked-function-arn": `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    });
    slot.end(event);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#timeOut(requestId), timeoutMs);
      this.#running.set(requestId, { resolve, reject, timer });
    });
  }

  /** The child asks for its next invocation: `response` stays open until there is one. */
  offerSlot(response: ServerResponse): void {
    this.#slots.push(response);
    this.#becomeReady();
    this.#onSlot();
  }

  /** Ignores a request id that is not running: it has timed out, or was never one. */
  settle(requestId: string, outcome: Buffer | FunctionError): void {
    const running = this.#running.get(requestId);
    if (running === undefined) return;
    this.#running.delete(requestId);
    clearTimeout(running.timer);
    this.lastUsedAt = performance.now();
    if (outcome instanceof FunctionError) running.reject(outcome);
    else running.resolve(outcome);
    if (this.#isRetired && this.#running.size === 0) this.kill();
  }

  failToStart(error: FunctionError): void {
    this.#failToStart(error);
    this.kill();
  }

  /** Takes no further invocation, lets the running ones end, and is gone. */
  retire(): void {
    this.#isRetired = true;
    if (this.#running.size === 0) this.kill();
  }

  /** SIGKILL to the whole group (E4). */
  kill(): void {
    this.#isRetired = true;
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // ESRCH: the group is gone already
    }
  }

  #timeOut(requestId: string): void {
    this.#isRetired = true;
    const seconds = (this.settings.timeoutMs / 1000).toFixed(2);
    this.settle(requestId, new FunctionError("Sandbox.Timedout", `timed out after ${seconds} seconds`));
  }

  #whenReady(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.failToStart(new FunctionError("Sandbox.Timedout", "was not ready within 10 seconds"));
      }, INIT_MS_MAX);
      this.#becomeReady = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#failToStart = (error) => {
        clearTimeout(timer);
        reject(error);
      };
    });
    ready.catch(() => {}); // whoever waits sees it; nobody has to wait
    return ready;
  }

  #whenEnded(reaper: Reaper): Promise<void> {
    return new Promise((resolve) => {
      const end = (how: string): void => {
        this.kill(); // what the child itself left behind in its group
        if (this.#child.pid !== undefined) reaper.forget(this.#child.pid);
        const { lastWords } = this.#output;
        const error = new FunctionError("Runtime.ExitError", `${how}${lastWords && `: ${lastWords}`}`);
        this.#failToStart(error);
        for (const requestId of [...this.#running.keys()]) this.settle(requestId, error);
        this.#slots.length = 0;
        rmSync(this.#scratch, { recursive: true, force: true });
        resolve();
      };
      this.#child.on("error", (error) => end(error.message));
      this.#child.on("exit", (code, signal) => end(`exited with ${signal ?? `status ${code}`}`));
    });
  }
}
