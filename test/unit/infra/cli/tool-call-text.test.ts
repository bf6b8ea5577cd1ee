import { expect, test } from "vitest";
import type { ToolCallView } from "../../../../functions/shared/contracts/api.ts";
import { plain } from "../../../../infra/cli/view/paint.ts";
import { packed, toolCallText } from "../../../../infra/cli/view/tool-call-text.ts";

const text = (tool: string, input: string, fields: Partial<ToolCallView> = {}): string =>
  toolCallText({ callId: "c", tool, status: "finished", input, ...fields }, plain);

test.for([
  ["write_file", '{"path":"src/a.ts","content":"x"}', "write_file src/a.ts"],
  ["write_file", '{"content":"x","path":"src/a.ts"}', "write_file src/a.ts"],
  ["write_file", '{"path":"src/a.ts","content":"cut in the midd', "write_file src/a.ts"],
  ["search_files", '{"text":"a \\"quoted\\" word"}', 'search_files a "quoted" word'],
  ["search_files", '{"text":"two\\nlines"}', "search_files two lines"],
  ["list_files", "{}", "list_files"],
  ["list_files", "", "list_files"],
  ["strange", '[{"a":1}]', "strange"],
  ["strange", '{"text":"ends in an escape \\', "strange ends in an escape"],
  ["read_file", '{"path":"\\u001b[2Jx"}', "read_file x"],
] as const)("%s of %s is told as %s", ([tool, input, told]) => {
  expect(text(tool, input)).toBe(told);
});

test("a long argument is shortened", () => {
  expect(text("search_files", JSON.stringify({ text: "word ".repeat(100) }))).toHaveLength(
    "search_files ".length + 60,
  );
});

test("an error says what was wrong, and a call of unknown outcome that it is", () => {
  const input = '{"path":"x"}';
  expect(text("read_file", input, { isError: true, result: "NO_SUCH_FILE: x\nis not there" })).toBe(
    "read_file x (error: NO_SUCH_FILE: x is not there)",
  );
  expect(text("run", input, { isError: true, status: "unknown" })).toBe("run x (outcome unknown)");
});

test("texts fill lines, and one that is too long has a line for itself", () => {
  expect(packed(["aa", "bb", "c".repeat(20), "d"], 8)).toEqual(["aa, bb,", `${"c".repeat(20)},`, "d"]);
  expect(packed([], 8)).toEqual([]);
});
