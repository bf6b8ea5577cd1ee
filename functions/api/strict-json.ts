import { LIMITS } from "../shared/contracts/limits.ts";
import { ApiProblem, type ProblemCode } from "./problems.ts";
import { quoted } from "./shown.ts";

//   I1. What passes is exactly what JSON.parse accepts and the rules below allow; its value is the
//       one JSON.parse gives, so there is no second reading of strings and numbers.
//   I2. Nesting costs an array entry and never a stack frame, and ends at `jsonDepthMax`.
//   I3. The text is read once, from left to right: time and memory grow with its length only.

/**
 * The value of a JSON text. Throws ApiProblem `INVALID_JSON` with line and column, `TOO_DEEP`,
 * `DUPLICATE_KEY`, `FORBIDDEN_KEY`, or `OUT_OF_RANGE` for a number that a double cannot carry
 * (or that would not come back the same: -0, integers above 2^53).
 */
export const parseStrictJson = (text: string): unknown => {
  inspect(text);
  return JSON.parse(text);
};

/** One token after any white space; group 1 to 5 say which kind. */
const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|(-?Infinity|NaN))/y;
const WHITE_SPACE = /[ \t\n\r]*/y;

type Frame = { readonly keys: Set<string>; key: string } | { readonly keys: null; index: number };
/** What may come next, in the words of the error message. */
type Expected =
  | "a value"
  | "a value or ]"
  | "a key"
  | "a key or }"
  | "a colon"
  | "a comma or the end of the list or object"
  | "the end";

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

const inspect = (text: string): void => {
  const stack: Frame[] = [];
  let expected: Expected = "a value";
  let at = 0;

  const refuse = (code: ProblemCode, detail: string): never => {
    throw new ApiProblem(code, detail, { path: pathOf(stack) });
  };
  const afterValue = (): Expected =>
    stack.length === 0 ? "the end" : "a comma or the end of the list or object";
  const open = (frame: Frame): void => {
    if (stack.length === LIMITS.jsonDepthMax)
      refuse("TOO_DEEP", `more than ${LIMITS.jsonDepthMax} levels deep`);
    stack.push(frame);
  };

  while (at < text.length || expected !== "the end") {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (token === null) {
      if (expected === "the end" && afterSpace(text, at) === text.length) return;
      throw unexpected(text, at, expected);
    }
    const [, mark, string, number, , beyond] = token;
    const wantsValue = expected === "a value" || expected === "a value or ]";
    const frame = stack.at(-1);

    if (wantsValue && mark === "{") {
      open({ keys: new Set(), key: "" });
      expected = "a key or }";
    } else if (wantsValue && mark === "[") {
      open({ keys: null, index: 0 });
      expected = "a value or ]";
    } else if (wantsValue && mark === undefined) {
      if (beyond !== undefined) refuse("OUT_OF_RANGE", `${beyond} is not a JSON number`);
      if (number !== undefined && !isCarried(number)) refuse("OUT_OF_RANGE", outOfRange(number));
      expected = afterValue();
    } else if ((expected === "a key" || expected === "a key or }") && string !== undefined && frame?.keys) {
      const key = JSON.parse(string) as string;
      frame.key = key;
      if (FORBIDDEN_KEYS.has(key)) refuse("FORBIDDEN_KEY", `the key ${quoted(key)} is not allowed`);
      if (frame.keys.has(key)) refuse("DUPLICATE_KEY", `the key ${quoted(key)} stands twice in one object`);
      frame.keys.add(key);
      expected = "a colon";
    } else if (expected === "a colon" && mark === ":") {
      expected = "a value";
    } else if (expected.startsWith("a comma") && mark === "," && frame) {
      if (frame.keys === null) frame.index += 1;
      expected = frame.keys === null ? "a value" : "a key";
    } else if (frame && closes(mark, frame, expected)) {
      stack.pop();
      expected = afterValue();
    } else {
      throw unexpected(text, at, expected);
    }
    at = TOKEN.lastIndex;
  }
};

const closes = (mark: string | undefined, frame: Frame, expected: Expected): boolean =>
  frame.keys === null
    ? mark === "]" && (expected === "a value or ]" || expected.startsWith("a comma"))
    : mark === "}" && (expected === "a key or }" || expected.startsWith("a comma"));

/** Whether a double holds this number and would be written the same again. */
const isCarried = (source: string): boolean => {
  const value = Number(source);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  return value !== 0 || !/^-|^[^eE]*[1-9]/.test(source);
};

const outOfRange = (source: string): string =>
  `the number ${source.slice(0, 40)}${source.length > 40 ? "…" : ""} is out of range: whole numbers go up to 2^53 - 1, and there is no -0`;

const unexpected = (text: string, from: number, expected: Expected): ApiProblem => {
  const at = afterSpace(text, from);
  const before = text.slice(0, at).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  const found = at === text.length ? "the text ends" : `there is ${quoted(text.slice(at, at + 10))}`;
  if (text[at] === '"' && /^a (value|key)/.test(expected)) {
    const detail = `the text that begins at ${place} has no end, a raw control character or an unknown escape`;
    return new ApiProblem("INVALID_JSON", detail);
  }
  return new ApiProblem("INVALID_JSON", `at ${place} ${found} where ${expected} should be`);
};

const afterSpace = (text: string, from: number): number => {
  WHITE_SPACE.lastIndex = from;
  WHITE_SPACE.exec(text);
  return WHITE_SPACE.lastIndex;
};

const pathOf = (stack: readonly Frame[]): string | undefined =>
  stack
    .slice(0, 8)
    .map((frame) =>
      frame.keys === null ? `[${frame.index}]` : frame.key === "" ? "" : `.${frame.key.slice(0, 20)}`,
    )
    .join("")
    .replace(/^\./, "")
    .slice(0, 80) || undefined;
