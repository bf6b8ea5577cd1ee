import variant from "@jitl/quickjs-ng-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { LIMITS } from "../shared/contracts/limits.ts";
import type { Program } from "../shared/contracts/sandbox.ts";
import { GUEST_MAIN, ProgramModules } from "./program-modules.ts";
import { type ProgramReport, readReport, reportOfError, timedOut } from "./program-report.ts";

/** A page of WebAssembly memory. */
const PAGE_BYTES = 64 * 1024;
/** What the module itself asks for at its start. */
const PAGES_MIN = 256;
/** The engine's own, beside what it lets a program have. */
const ENGINE_BYTES = 32 * 1024 * 1024;
/** Some 6,000 calls deep; the thread's own stack is large enough for that (`program-runner.ts`). */
const STACK_BYTES = 1024 * 1024;
const JOBS_AT_ONCE = 1_000;

export interface MachineOptions {
  /** Gets what the program prints, as it prints it. */
  readonly print: (text: string) => void;
  /** Called when the engine stands and the program's time begins. */
  readonly begin?: () => void;
  /** Milliseconds that the program may run. */
  readonly limitMs?: number;
}

/**
 * Runs one program in a QuickJS of its own, and is good for nothing afterwards.
 *
 *   J1. A program reaches nothing but this instance's memory: one function leads out of it, which takes
 *       a text, and one leads in, which gives module sources out of the program's own files.
 *   J2. Memory has two walls: what QuickJS lets the program have, and what the instance can ever have.
 *   J3. What comes out is checked: a program may have changed everything that it can reach.
 *   J4. QuickJS looks at the clock between its instructions, so that one long instruction is not
 *       interrupted. Whoever runs a machine must be able to end its thread.
 */
export const runOnMachine = async (
  program: Program,
  { print, begin, limitMs = LIMITS.codeMsMax }: MachineOptions,
): Promise<ProgramReport> => {
  // The engine's own start is none of the program's time.
  let endsAt = Number.POSITIVE_INFINITY;
  const isLate = (): boolean => performance.now() > endsAt;
  try {
    const memory = newMemory();
    const machine = boot(await load(memory), new ProgramModules(program), print, isLate);
    begin?.();
    endsAt = performance.now() + limitMs;
    machine.start(program.entry);
    while (!isLate()) if (!machine.runJobs() && !machine.goOn()) break;
    if (isLate()) return timedOut(limitMs);
    // The instance's memory never shrinks, so that it remembers.
    const isSpent = memory.buffer.byteLength >= LIMITS.codeMemoryBytesMax;
    return readReport(machine.report(), isSpent);
  } catch (error) {
    if (isLate()) return timedOut(limitMs);
    return reportOfError(error);
  }
};

interface InstanceMemory {
  readonly buffer: ArrayBuffer;
}

/** Node's types have its types only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => InstanceMemory;
};

/** The package's types are those of its CommonJS half, which has the variant one level deeper. */
const QUICKJS = variant as unknown as QuickJSSyncVariant;

const newMemory = (): InstanceMemory =>
  new WebAssembly.Memory({
    initial: PAGES_MIN,
    maximum: (LIMITS.codeMemoryBytesMax + ENGINE_BYTES) / PAGE_BYTES,
  });

const load = (wasmMemory: InstanceMemory): Promise<QuickJSWASMModule> =>
  newQuickJSWASMModuleFromVariant(newVariant(QUICKJS, { wasmMemory }));

/** What the guest's `main.mjs` offers. */
interface Machine {
  start(entry: string): void;
  /** Runs what is ready to go on; says whether there was anything. */
  runJobs(): boolean;
  goOn(): boolean;
  report(): unknown;
}

const boot = (
  quickJs: QuickJSWASMModule,
  modules: ProgramModules,
  print: (text: string) => void,
  isLate: () => boolean,
): Machine => {
  const runtime = quickJs.newRuntime();
  runtime.setMemoryLimit(LIMITS.codeMemoryBytesMax);
  runtime.setMaxStackSize(STACK_BYTES);
  runtime.setInterruptHandler(isLate);
  giveModules(runtime, modules);
  const context = runtime.newContext();
  giveHost(context, print);
  const main = context.unwrapResult(
    context.evalCode(modules.sourceOf(GUEST_MAIN), GUEST_MAIN, { type: "module" }),
  );
  const call = (name: string, ...args: QuickJSHandle[]): QuickJSHandle =>
    context.unwrapResult(context.callFunction(context.getProp(main, name), context.undefined, ...args));
  return {
    start: (entry) => void call("start", context.newString(entry)),
    runJobs: () => {
      const done = runtime.executePendingJobs(JOBS_AT_ONCE);
      if (done.error !== undefined) throw context.unwrapResult(done);
      return done.value > 0;
    },
    goOn: () => context.dump(call("goOn")) === true,
    report: () => context.dump(call("outcome")),
  };
};

/** An import that leads nowhere gets a name all the same: only the loader's errors reach the program. */
const giveModules = (runtime: QuickJSRuntime, modules: ProgramModules): void => {
  const nowhere = new Map<string, Error>();
  runtime.setModuleLoader(
    (name) => {
      try {
        return nowhere.has(name) ? { error: nowhere.get(name) as Error } : modules.sourceOf(name);
      } catch (error) {
        return { error: error as Error };
      }
    },
    (importer, specifier) => {
      try {
        return modules.nameOf(importer, specifier);
      } catch (error) {
        const name = `nowhere:${nowhere.size}`;
        nowhere.set(name, error as Error);
        return name;
      }
    },
  );
};

/** J1. The guest takes it from the global object before the program is loaded. */
const giveHost = (context: QuickJSContext, print: (text: string) => void): void => {
  const host = context.newObject();
  const printed = context.newFunction("print", (text) => {
    // A number of anything else would have to be converted by code of the program.
    if (text !== undefined && context.typeof(text) === "string") print(context.getString(text));
  });
  context.setProp(host, "print", printed);
  context.setProp(context.global, "__host", host);
};
