// What stands around a program in the sandbox. The host calls `start` once, `goOn` as long as it says that
// there was something to do, and then `outcome`.
import { installClock, runNextTimer } from "./clock.mjs";
import { installConsole } from "./console.mjs";
import { expect } from "./expect.mjs";
import { inspect, inspectNested, showError } from "./inspect.mjs";
import * as tests from "./tests.mjs";

installClock();
installConsole();
const { test, it, describe, beforeAll, beforeEach, afterEach, afterAll } = tests;
Object.assign(globalThis, { test, it, describe, beforeAll, beforeEach, afterEach, afterAll, expect });

const { stringify } = JSON;
let ended;

export const start = (entry) => {
  void run(entry);
};

/** A timer's callback that throws ends the program, as everywhere. */
export const goOn = () => {
  try {
    return runNextTimer();
  } catch (error) {
    ended = failure(error);
    return false;
  }
};

/** JSON of a ProgramOutcome and the tests' counts; the outcome is absent while the program waits for something. */
export const outcome = () => stringify({ outcome: ended, tests: tests.testCounts() });

const run = async (entry) => {
  try {
    const { default: result } = await import(entry);
    const value = await result;
    await tests.runTests();
    ended ??= { status: "returned", ...(value === undefined ? {} : { value: inspect(value) }) };
  } catch (error) {
    ended ??= failure(error);
  }
};

const CODES = ["CODE_IMPORT", "CODE_PROCESSES"];

const failure = (error) => {
  if (!(error instanceof Error)) {
    return { status: "failed", code: "CODE_ERROR", message: `thrown: ${inspectNested(error)}` };
  }
  if (CODES.includes(error.name)) return { status: "failed", code: error.name, message: error.message };
  const isOutOfMemory = error.name === "InternalError" && error.message === "out of memory";
  return {
    status: "failed",
    code: isOutOfMemory ? "CODE_MEMORY" : "CODE_ERROR",
    message: showError(error),
  };
};
