import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiProblem } from "../../../functions/api/problems.ts";
import { parseStrictJson } from "../../../functions/api/strict-json.ts";

const codeOf = (text: string): string => {
  try {
    parseStrictJson(text);
    return "accepted";
  } catch (error) {
    if (error instanceof ApiProblem) return error.code;
    throw error;
  }
};

const problemOf = (text: string): ApiProblem => {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof ApiProblem) return error;
  }
  throw new Error(`accepted: ${text}`);
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Texts that are nearly JSON: where the two readings would differ if they did. */
const nearlyJson = fc
  .array(
    fc.constantFrom(
      ...[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\t",
        "\u00a0",
        "\ufeff",
        "true",
        "false",
        "null",
        "nul",
        "0",
        "1",
      ],
      ...[
        "-",
        "-1",
        "01",
        "1.",
        ".5",
        "1.5",
        "1e5",
        "1E+2",
        "1e",
        '"a"',
        '"b":',
        '"',
        "\\",
        '"\\u0041"',
        '"\\x"',
      ],
      ...['"\\u00g0"', '"\u0000"', '"\n"', '"\ud800"', "'a'", "/**/", "undefined", "e", "+1"],
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

describe("a strict reading of JSON", () => {
  test("I1: whatever JSON.stringify writes comes back the same", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        const code = codeOf(text);
        if (code === "accepted") expect(parseStrictJson(text)).toEqual(JSON.parse(text));
        else expect(["OUT_OF_RANGE", "FORBIDDEN_KEY"]).toContain(code);
      }),
      { numRuns: 500 },
    );
  });

  test("I1: it calls INVALID_JSON only what JSON.parse refuses, and accepts nothing that it refuses", () => {
    fc.assert(
      fc.property(nearlyJson, (text) => {
        const code = codeOf(text);
        if (code === "accepted") expect(isJson(text)).toBe(true);
        if (code === "INVALID_JSON") expect(isJson(text)).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  test("I1: of all texts of up to eight tokens it accepts exactly the ones that JSON.parse accepts", () => {
    const tokens = ["{", "}", "[", "]", ",", ":", '"a"'];
    let beginnings = [""];
    for (let length = 1; length <= 8; length++) {
      const texts = beginnings.flatMap((text) => tokens.map((token) => text + token));
      // Duplicate keys are the one thing of these that JSON.parse lets pass.
      const judged = texts
        .map((text) => ({ text, code: codeOf(text) }))
        .filter(({ code }) => code !== "DUPLICATE_KEY");
      expect(judged.filter(({ text, code }) => (code === "accepted") !== isJson(text))).toEqual([]);
      // What is refused before its end stays refused, whatever follows.
      beginnings = judged
        .filter(({ text, code }) => code === "accepted" || problemOf(text).detail.includes("the text ends"))
        .map(({ text }) => text);
    }
  });

  test("white space may stand wherever JSON lets it", () => {
    expect(parseStrictJson(' \n{\t"a" : [ 1 , 2.5e1 , "x" , null ] ,\r\n"b" : { } } ')).toEqual({
      a: [1, 25, "x", null],
      b: {},
    });
  });

  test.each([
    ['{"a":', "line 1, column 6"],
    ['{"a": 1,\n "b": oops}', "line 2, column 7"],
    ["[1 2]", "line 1, column 4"],
    ["{}x", "line 1, column 3"],
    ['{"a": "never closed', "line 1, column 7"],
    ["", "line 1, column 1"],
  ])("a syntax error in %j names its place [bad-input 3]", (text, place) => {
    expect(problemOf(text)).toMatchObject({ code: "INVALID_JSON", detail: expect.stringContaining(place) });
  });

  test("I2: depth 32 is accepted and 33 is not; 1,000,000 levels cost no stack [bad-input 9]", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(codeOf(nested(32))).toBe("accepted");
    expect(codeOf(nested(33))).toBe("TOO_DEEP");
    expect(codeOf(nested(10_000))).toBe("TOO_DEEP");
    expect(codeOf("[".repeat(1_000_000))).toBe("TOO_DEEP");
    expect(codeOf('{"a":'.repeat(10_000))).toBe("TOO_DEEP");
  });

  test.each([
    '{"__proto__": {"polluted": true}}',
    '{"\\u005f_proto__": 1}',
    '{"a": {"constructor": {"prototype": {"polluted": true}}}}',
    '[{"prototype": 1}]',
  ])("a key that reaches for prototypes is refused: %s [bad-input 8]", (text) => {
    expect(codeOf(text)).toBe("FORBIDDEN_KEY");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("a key stands once per object, however it is spelled; the same key in another object is another key [bad-input 11]", () => {
    expect(problemOf('{"input": "a", "input": "b"}')).toMatchObject({
      code: "DUPLICATE_KEY",
      occurrence: { path: "input" },
    });
    expect(codeOf('{"a": 1, "\\u0061": 2}')).toBe("DUPLICATE_KEY");
    expect(codeOf('{"a": {"a": [{"a": 1}, {"a": 2}]}}')).toBe("accepted");
  });

  test.each([
    ...["1e309", "-1e309", "-0", "-0.0", "-0e5", "9007199254740993", "9007199254740992", "-9007199254740993"],
    ...["1e16", "1e-400", "NaN", "Infinity", "-Infinity"],
  ])("the number %s is out of range, and the field is named [bad-input 10]", (number) => {
    expect(problemOf(`{"limits": {"calls": ${number}}}`)).toMatchObject({
      code: "OUT_OF_RANGE",
      occurrence: { path: "limits.calls" },
    });
  });

  test.each(["0", "0.0", "0e9", "1e15", "9007199254740991", "-9007199254740991", "0.1", "1e-300", "5e-324"])(
    "the number %s is accepted",
    (number) => {
      expect(parseStrictJson(number)).toBe(Number(number));
    },
  );

  test("I3: a megabyte of text is read in one go, escapes included", () => {
    const text = 'a"\\\n\u2028😀'.repeat(100_000);
    expect(parseStrictJson(JSON.stringify({ input: text }))).toEqual({ input: text });
    expect(codeOf(`"${"a".repeat(1_000_000)}`)).toBe("INVALID_JSON");
    expect(codeOf(`"${"\\u0061".repeat(150_000)}\\x"`)).toBe("INVALID_JSON");
  });

  test("an error never echoes more than 80 characters", () => {
    for (const text of [
      `{"${"k".repeat(9_999)}": 1, "${"k".repeat(9_999)}": 2}`,
      "z".repeat(9_999),
      `${"9".repeat(9_999)}`,
    ]) {
      const longest =
        problemOf(text)
          .detail.match(/(.)\1*/g)
          ?.map((run) => run.length) ?? [];
      expect(Math.max(...longest)).toBeLessThanOrEqual(80);
    }
  });
});
