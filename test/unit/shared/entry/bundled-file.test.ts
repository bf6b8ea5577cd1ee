import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DEFAULT_RETRY_POLICY } from "../../../../functions/shared/contracts/retry-policy.ts";
import { readManifest, readPrompt } from "../../../../functions/shared/entry/bundled-file.ts";

const folder = mkdtempSync(join(tmpdir(), "bulkhead-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

const manifestOf = (text: string): string => {
  const path = join(folder, "manifest.json");
  writeFileSync(path, text);
  return path;
};

test("a manifest is read and checked", () => {
  const coder = {
    name: "coder",
    role: "code implementation",
    tools: ["read_file"],
    handoffs: [],
    retry: DEFAULT_RETRY_POLICY,
    concurrency: 10,
  };
  expect(readManifest(manifestOf(JSON.stringify([coder])))).toEqual([coder]);
});

test.each(["", "{", "{}", '[{"name":"coder"}]'])(
  "%j is no manifest, and the message says what to do",
  (text) => {
    expect(() => readManifest(manifestOf(text))).toThrow(/not an agent manifest; bundle the functions anew/);
  },
);

test("what is missing beside the bundle is named", () => {
  expect(() => readManifest(join(folder, "nowhere.json"))).toThrow(/manifest.json is missing/);
  expect(readPrompt).toThrow(/prompt.md is missing/);
});
