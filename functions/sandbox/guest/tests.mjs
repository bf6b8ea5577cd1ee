// `test`, `describe` and what goes with them. A test runs after the whole program has been loaded, in the
// order in which it was declared; one that fails fails alone.
import { printLine } from "./host.mjs";
import { inspectNested, showError } from "./inspect.mjs";

const createSuite = (name, parent) => ({
  name,
  parent,
  entries: [],
  before: [],
  beforeEach: [],
  afterEach: [],
  after: [],
});

let current = createSuite("", undefined);
const root = current;
let hasOnly = false;
const counts = { passed: 0, failed: 0 };

const declareTest =
  (mode) =>
  (name, ...rest) => {
    const body = rest.find((one) => typeof one === "function");
    if (mode === "only") hasOnly = true;
    const isSkipped = mode === "skip" || mode === "todo" || body === undefined;
    current.entries.push({ name: String(name), body, suite: current, isOnly: mode === "only", isSkipped });
  };

/** The body is only the declaration of what is in it, so that it runs at once. */
const declareSuite =
  (mode) =>
  (name, ...rest) => {
    const body = rest.find((one) => typeof one === "function");
    const suite = createSuite(String(name), current);
    current.entries.push(suite);
    if (mode === "skip" || body === undefined) return;
    current = suite;
    try {
      body();
    } finally {
      current = suite.parent;
    }
  };

/** One test for each case: a list of arguments, or one argument. */
const declareEach =
  (declare) =>
  (cases, ...values) => {
    if (values.length > 0) throw new TypeError("test.each takes a list of cases, not a template");
    return (name, body) => {
      for (const [index, one] of cases.entries()) {
        const args = Array.isArray(one) ? one : [one];
        declare(filledIn(String(name), args, index), () => body(...args));
      }
    };
  };

const filledIn = (name, args, index) => {
  let next = 0;
  return name.replaceAll(/%[sdifjoO#]/g, (place) => {
    if (place === "%#") return String(index);
    const value = args[next++];
    return typeof value === "string" ? value : inspectNested(value);
  });
};

const withModes = (declare) => {
  const made = declare("run");
  for (const mode of ["only", "skip", "todo"]) made[mode] = declare(mode);
  made.each = declareEach(made);
  return made;
};

export const test = withModes(declareTest);
export const it = test;
export const describe = withModes(declareSuite);
export const suite = describe;

const declareHook = (when) => (body) => {
  current[when].push(body);
};
export const beforeAll = declareHook("before");
export const beforeEach = declareHook("beforeEach");
export const afterEach = declareHook("afterEach");
export const afterAll = declareHook("after");
export const before = beforeAll;
export const after = afterAll;

/** Runs what was declared; `undefined` when nothing was. */
export const runTests = async () => {
  if (root.entries.length > 0) await runSuite(root);
};

export const testCounts = () => (counts.passed + counts.failed === 0 ? undefined : counts);

const runSuite = async (suite) => {
  const failure = await failureOf(() => runAll(suite.before));
  if (failure !== undefined) report(`${titleOf(suite)} (before all)`, failure);
  else
    for (const entry of suite.entries) {
      if ("entries" in entry) await runSuite(entry);
      else await runTest(entry);
    }
  const last = await failureOf(() => runAll(suite.after));
  if (last !== undefined) report(`${titleOf(suite)} (after all)`, last);
};

const runTest = async (one) => {
  if (one.isSkipped || (hasOnly && !one.isOnly)) return printLine(`skip  ${titleOf(one)}`);
  const failure = await failureOf(async () => {
    const suites = suitesOf(one.suite);
    for (const suite of suites) await runAll(suite.beforeEach);
    try {
      await one.body({ name: one.name });
    } finally {
      for (const suite of suites.toReversed()) await runAll(suite.afterEach);
    }
  });
  report(titleOf(one), failure);
};

const runAll = async (hooks) => {
  for (const hook of hooks) await hook();
};

const failureOf = async (action) => {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error instanceof Error ? showError(error) : `thrown: ${inspectNested(error)}`;
  }
};

const report = (title, failure) => {
  counts[failure === undefined ? "passed" : "failed"] += 1;
  if (failure === undefined) return printLine(`ok    ${title}`);
  printLine(`FAIL  ${title}\n${failure.replaceAll(/^/gm, "      ")}`);
};

const suitesOf = (suite) => (suite === undefined ? [] : [...suitesOf(suite.parent), suite]);

const titleOf = (one) =>
  [...suitesOf(one.suite ?? one.parent), one]
    .map(({ name }) => name)
    .filter((name) => name !== "")
    .join(" > ");
