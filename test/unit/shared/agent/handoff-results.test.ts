import fc from "fast-check";
import { expect, test } from "vitest";
import { answerPath, handoffResults } from "../../../../functions/shared/agent/handoff-results.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { EXECUTION, succeeded } from "./agent-world.ts";

const branch = (n: number, text: string) => succeeded("critic", { text }, n);
const joined = (...calls: ReturnType<typeof branch>[][]) => ({
  k: 1,
  results: calls.map((branches, n) => ({ callId: `h${n}`, branches })),
});
const bytesOf = (given: readonly { content: string }[]): number =>
  given.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);

test("answers that fit are told whole, in declared order, without a file", () => {
  const { given, files } = handoffResults(joined([branch(3, "first"), branch(2, "second")]));
  expect(given).toEqual([
    {
      callId: "h0",
      content:
        '[{"agent":"critic","status":"succeeded","answer":"first"},{"agent":"critic","status":"succeeded","answer":"second"}]',
    },
  ]);
  expect(files).toEqual([]);
});

test("answers that outgrow a tool result by escaping become files with previews", () => {
  const text = "\u0001".repeat(12_000);
  const { given, files } = handoffResults(joined([branch(2, text), branch(3, "short")]));
  expect(bytesOf(given)).toBeLessThanOrEqual(LIMITS.toolResultBytesMax);
  expect(files).toEqual([{ path: answerPath(`${EXECUTION}.2`), text }]);
  const [large, small] = JSON.parse(given[0]?.content ?? "");
  expect(large).toMatchObject({ path: `handoffs/${EXECUTION}.2.md`, bytes: 12_000 });
  expect(small).toEqual({ agent: "critic", status: "succeeded", answer: "short" });
});

test("a hundred answers, previews and errors of any kind fit one result, and none is lost", () => {
  const blob = { ref: "blobs/x", bytes: 5_000_000, sha256: "0".repeat(64) };
  const textUpTo = (max: number) =>
    fc
      .tuple(fc.constantFrom("a", '"', "\u0001", "\u00e9", "\u{1f600}", "\ud800"), fc.nat(max))
      .map(([character, count]) => character.repeat(count / character.length));
  const result = fc.oneof(
    textUpTo(4_000).map((text) => ({ answer: { text } })),
    textUpTo(1_024).map((preview) => ({ answer: { blob, preview } })),
    textUpTo(1_024).map((message) => ({ error: { name: "Internal", message } })),
  );
  fc.assert(
    fc.property(fc.array(result, { minLength: 1, maxLength: 100 }), (results) => {
      const branches = results.map((each, n) => ({
        agent: "critic",
        taskId: `${EXECUTION}.${n + 2}`,
        status: "answer" in each ? ("succeeded" as const) : ("failed" as const),
        ...each,
      }));
      const { given, files } = handoffResults({ k: 1, results: [{ callId: "h", branches }] });
      expect(bytesOf(given)).toBeLessThanOrEqual(LIMITS.toolResultBytesMax);
      const entries = JSON.parse(given[0]?.content ?? "") as { answer?: string; path?: string }[];
      expect(entries).toHaveLength(branches.length);
      for (const [index, { answer }] of branches.entries() as IterableIterator<
        [number, { answer?: object }]
      >) {
        const { path, answer: told } = entries[index] ?? {};
        if (answer === undefined) continue;
        // Told whole, or to be found where it says.
        if (path === undefined) expect(answer).toEqual({ text: told });
        else expect(files.map((file) => file.path)).toContain(path);
      }
    }),
    { numRuns: 60 },
  );
});
