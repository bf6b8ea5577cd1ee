import { beforeEach, describe, expect, test } from "vitest";
import type { OrdinaryTool } from "../../../../functions/shared/agent/tool.ts";
import { editFile } from "../../../../functions/shared/agent/tools/edit-file.ts";
import { listFiles } from "../../../../functions/shared/agent/tools/list-files.ts";
import { readFile } from "../../../../functions/shared/agent/tools/read-file.ts";
import { searchFiles } from "../../../../functions/shared/agent/tools/search-files.ts";
import { writeFile } from "../../../../functions/shared/agent/tools/write-file.ts";
import { Workspace } from "../../../../functions/shared/agent/workspace.ts";
import { workspacePath } from "../../../../functions/shared/agent/workspace-path.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { ItemKey } from "../../../../functions/shared/contracts/resources.ts";
import { filesPartition } from "../../../../functions/shared/contracts/resources.ts";
import type { Change, Written } from "../../../../functions/shared/ports/store.ts";
import { ManualClock, MemoryBlobs, MemoryStore } from "../../../support/memory-ports.ts";
import { EXECUTION } from "./agent-world.ts";

let store: MemoryStore;
let blobs: MemoryBlobs;
let calls = 0;

beforeEach(() => {
  store = new MemoryStore();
  blobs = new MemoryBlobs();
});

const workspaceOf = (agent: string, n = 1): Workspace =>
  new Workspace(
    { store, blobs, clock: new ManualClock() },
    { agent, taskId: `${EXECUTION}.${n}`, expiresAt: 2_000_000_000 },
  );

/** Runs a tool as the runner does; every call is a new one unless it is named. */
const use = (
  tool: OrdinaryTool,
  input: object,
  { agent = "coder", callId = `call ${++calls}` } = {},
): Promise<string> => {
  const prepared = tool.prepare(input);
  if (!prepared.ok) throw new Error(prepared.problem);
  return prepared.run({ workspace: workspaceOf(agent), callId, signal: new AbortController().signal });
};

const totals = () => {
  const item = store.items().find(({ sk }) => sk === "#TOTALS");
  return { files: item?.["files"], bytes: item?.["bytes"] };
};

describe("paths", () => {
  test.each([
    "../../b/x",
    "/etc/passwd",
    "a\\..\\b",
    "%2e%2e/x",
    "a//b",
    "a\0b",
    "C:x",
    "a.",
    "a ",
    "a./b",
    "a /b",
    " a",
    "b/ a",
    ".",
    "..",
    "a/./b",
    "a/../b",
    "",
    "a/",
    "~",
    "a\u202eb",
    "a\u200bb",
    "a\nb",
    "a*",
    "\ud800",
    ["x", ..."x".repeat(16)].join("/"),
    "p".repeat(101),
    `${"\u00e9".repeat(95)}/`.repeat(5).concat("x"),
    "a".repeat(1_100),
  ])("%j is INVALID_PATH for every tool, and nothing is read [bad-input 53]", async (path) => {
    for (const [tool, input] of [
      [readFile, { path }],
      [writeFile, { path, content: "x" }],
      [editFile, { path, old: "x", new: "y" }],
      [listFiles, { folder: path }],
      [searchFiles, { text: "x", folder: path }],
    ] as const) {
      await expect(use(tool as OrdinaryTool, input)).rejects.toThrow(/^INVALID_PATH: /);
    }
    expect(store.requests).toEqual([]);
  });

  test.each([
    "a",
    ".gitignore",
    "src/main.ts",
    "a b/c_d-e.f",
    "...x",
    "\u65e5\u672c\u8a9e/\u00e9.md",
    ["x", ..."x".repeat(15)].join("/"),
    "p".repeat(100),
    "\u00e9".repeat(100),
    `${"a".repeat(99)}/`.repeat(9).slice(0, 899).concat("b"),
  ])("%j is a path", (path) => {
    expect(workspacePath(path)).toBe(path);
  });

  test("composed and decomposed letters name one file [bad-input 54]", async () => {
    await use(writeFile, { path: "caf\u00e9.md", content: "one" });
    await use(writeFile, { path: "cafe\u0301.md", content: "two" });
    expect(await use(listFiles, {})).toBe("caf\u00e9.md (version 2, 3 bytes, by coder)");
    expect(await use(readFile, { path: "cafe\u0301.md" })).toContain("two");
  });

  // [bad-input 55] has no case: the workspace is an index of items and no disk, so there are no links to follow.
  test("what looks like a link is a text like any other [bad-input 55]", async () => {
    await use(writeFile, { path: "link", content: "/etc/passwd" });
    expect(await use(readFile, { path: "link" })).toMatch(/\n\/etc\/passwd$/);
  });

  test.each(["handoffs/x.md", "Handoffs/x.md", "tool-results/1.1.0-0.txt"])(
    "%s is the runtime's to write, and no tool's",
    async (path) => {
      await expect(use(writeFile, { path, content: "forged" })).rejects.toThrow(/^INVALID_PATH: .*holds the/);
      await expect(use(editFile, { path, old: "a", new: "b" })).rejects.toThrow(/^INVALID_PATH/);
    },
  );
});

describe("writing", () => {
  test("a new file has version 1, and each write adds one", async () => {
    expect(await use(writeFile, { path: "a", content: "1" })).toBe("wrote a, version 1, 1 bytes");
    expect(await use(writeFile, { path: "a", content: "22" })).toBe("wrote a, version 2, 2 bytes");
    expect(await use(readFile, { path: "a" })).toBe("[a, version 2, 2 bytes, by coder, whole]\n22");
  });

  test("a conflict names the current version and whose it is, and changes nothing", async () => {
    await use(writeFile, { path: "a", content: "1" });
    await use(writeFile, { path: "a", content: "2" }, { agent: "planner" });
    await expect(use(writeFile, { path: "a", content: "3", version: 1 })).rejects.toThrow(
      /^VERSION_CONFLICT: the current version of a is 2, written by planner/,
    );
    await expect(use(editFile, { path: "a", old: "1", new: "3", version: 1 })).rejects.toThrow(
      /current version of a is 2/,
    );
    await expect(use(writeFile, { path: "a", content: "3", version: 0 })).rejects.toThrow(
      /^VERSION_CONFLICT/,
    );
    await expect(use(writeFile, { path: "b", content: "3", version: 4 })).rejects.toThrow(
      /current version is 0/,
    );
    expect(await use(readFile, { path: "a" })).toContain("version 2");
    expect(totals()).toEqual({ files: 1, bytes: 1 });
  });

  test("the loser of a race is told, and its growth is given back", async () => {
    await use(writeFile, { path: "a", content: "1" });
    const update = store.update.bind(store);
    store.update = async (key: ItemKey, change: Change): Promise<Written> => {
      if (key.sk === "a") {
        store.update = update;
        await use(writeFile, { path: "a", content: "rival" }, { agent: "planner" });
      }
      return update(key, change);
    };
    await expect(use(writeFile, { path: "a", content: "longer than that" })).rejects.toThrow(
      /current version of a is 2/,
    );
    expect(totals()).toEqual({ files: 1, bytes: 5 });
  });

  test.each([
    [writeFile, { path: "a", content: "new", version: 1 }],
    [writeFile, { path: "a", content: "new" }],
    [editFile, { path: "a", old: "old", new: "new" }],
    [editFile, { path: "a", old: "old", new: "old old", version: 1 }],
  ] as const)("%o repeated by the same call after a crash changes nothing (P6)", async (tool, input) => {
    await use(writeFile, { path: "a", content: "old" });
    await use(tool as OrdinaryTool, input, { callId: "the call" });
    const before = JSON.stringify(store.items());
    await use(tool as OrdinaryTool, input, { callId: "the call" });
    expect(JSON.stringify(store.items())).toBe(before);
  });

  test("an edit replaces the one occurrence, or all when told so", async () => {
    await use(writeFile, { path: "a", content: "x y x $& $1" });
    await expect(use(editFile, { path: "a", old: "x", new: "z" })).rejects.toThrow(
      /^TEXT_NOT_UNIQUE: .*2 times/,
    );
    await expect(use(editFile, { path: "a", old: "q", new: "z" })).rejects.toThrow(/^TEXT_NOT_FOUND/);
    await expect(use(editFile, { path: "b", old: "q", new: "z" })).rejects.toThrow(/^FILE_NOT_FOUND/);
    await use(editFile, { path: "a", old: "x", new: "$&", all: true });
    await use(editFile, { path: "a", old: " y", new: "" });
    expect(await use(readFile, { path: "a" })).toMatch(/\n\$& \$& \$& \$1$/);
  });

  test("text without a UTF-8 form is stored as what it is read as", async () => {
    await use(writeFile, { path: "a", content: "x\ud800y\u0000\uffff" });
    expect(await use(readFile, { path: "a" })).toContain("\nx\ufffdy\u0000\uffff");
  });
});

describe("quotas [bad-input 56]", () => {
  const fill = (files: number, bytes: number) =>
    store.force({ pk: filesPartition(EXECUTION), sk: "#TOTALS", files, bytes, expiresAt: 1 });

  test("the file that is one too many is WORKSPACE_QUOTA, and changing one still works", async () => {
    await use(writeFile, { path: "a", content: "1" });
    fill(LIMITS.workspaceFilesMax, 1);
    await expect(use(writeFile, { path: "b", content: "1" })).rejects.toThrow(
      /^WORKSPACE_QUOTA: .*1000 files/,
    );
    expect(await use(writeFile, { path: "a", content: "22" })).toContain("version 2");
    expect(totals()).toEqual({ files: LIMITS.workspaceFilesMax, bytes: 2 });
  });

  test("the bytes that are too many are WORKSPACE_QUOTA; shrinking makes room", async () => {
    await use(writeFile, { path: "a", content: "x".repeat(1_000) });
    fill(1, LIMITS.workspaceBytesMax);
    await expect(use(writeFile, { path: "b", content: "1" })).rejects.toThrow(/^WORKSPACE_QUOTA/);
    await use(writeFile, { path: "a", content: "x" });
    expect(totals()).toEqual({ files: 1, bytes: LIMITS.workspaceBytesMax - 999 });
    expect(await use(writeFile, { path: "b", content: "1" })).toContain("version 1");
  });

  test("a file above 1 MiB is WORKSPACE_QUOTA before anything is stored", async () => {
    await expect(use(writeFile, { path: "a", content: "x".repeat(LIMITS.fileBytesMax + 1) })).rejects.toThrow(
      /^WORKSPACE_QUOTA: a file may have 1048576 bytes; this one has 1048577/,
    );
    expect(store.items()).toEqual([]);
    expect(blobs.texts.size).toBe(0);
  });
});

describe("reading", () => {
  test.each([
    ["many lines", "\u{1f600}\u00e9 a line of it\n".repeat(5_000)],
    ["one long line", "\u{1f600}\u00e9x".repeat(20_000)],
    ["long lines between short ones", `short\n${"\u00e9".repeat(50_000)}\n\n`.repeat(3)],
  ])("%s are read in parts until their end, as the header says how to go on", async (_, text) => {
    await workspaceOf("coder").enterAnswer("handoffs/x.md", await blobs.put(EXECUTION, text));
    let read = "";
    for (let place: object | undefined = {}; place !== undefined; ) {
      const result: string = await use(readFile, { path: "handoffs/x.md", ...place });
      expect(Buffer.byteLength(result)).toBeLessThanOrEqual(LIMITS.toolResultBytesMax);
      const header = result.slice(0, result.indexOf("\n"));
      read += result.slice(header.length + 1);
      const [, offset, column = "1"] = /go on with offset (\d+)(?: and column (\d+))?/.exec(header) ?? [];
      place = offset === undefined ? undefined : { offset: Number(offset), column: Number(column) };
    }
    expect(read).toBe(text);
  });

  test("a range of lines is shown as it stands, with its place in the file", async () => {
    await use(writeFile, { path: "a", content: "one\ntwo\nthree\nfour\n" });
    const header = "a, version 1, 19 bytes, by coder";
    expect(await use(readFile, { path: "a", offset: 2, limit: 2 })).toBe(
      `[${header}, lines 2 to 3 of 4; go on with offset 4]\ntwo\nthree\n`,
    );
    expect(await use(readFile, { path: "a", offset: 4 })).toBe(`[${header}, line 4 of 4]\nfour\n`);
    expect(await use(readFile, { path: "a", offset: 3, column: 3 })).toBe(
      `[${header}, lines 3 from character 3 on to 4 of 4]\nree\nfour\n`,
    );
    await expect(use(readFile, { path: "a", offset: 5 })).rejects.toThrow(/^OUT_OF_RANGE: offset: .*4 lines/);
    await expect(use(readFile, { path: "a", column: 9 })).rejects.toThrow(/^OUT_OF_RANGE: column: line 1/);
    await use(writeFile, { path: "empty", content: "" });
    expect(await use(readFile, { path: "empty" })).toMatch(/whole\]\n$/);
  });

  test("a file that is not there is told so", async () => {
    await expect(use(readFile, { path: "a" })).rejects.toThrow(/^FILE_NOT_FOUND/);
    expect(await use(listFiles, {})).toBe("no files");
  });

  test("a folder lists what is below it, and not what only begins like it", async () => {
    for (const path of ["src/a.ts", "src/b/c.ts", "src2/d.ts", "src.md"])
      await use(writeFile, { path, content: "x" });
    expect((await use(listFiles, { folder: "src" })).split("\n").map((line) => line.split(" ")[0])).toEqual([
      "src/a.ts",
      "src/b/c.ts",
    ]);
    expect((await use(listFiles, {})).split("\n")).toHaveLength(4);
  });

  test("a search shows path, number and line, whatever the case, and takes patterns for texts", async () => {
    await use(writeFile, { path: "a.ts", content: "one\n  const Limit = 1;\nlimit(.*)" });
    await use(writeFile, { path: "b.md", content: "no match" });
    expect(await use(searchFiles, { text: "limit" })).toBe("a.ts:2: const Limit = 1;\na.ts:3: limit(.*)");
    expect(await use(searchFiles, { text: "(.*)" })).toBe("a.ts:3: limit(.*)");
    expect(await use(searchFiles, { text: "zzz" })).toBe("no match in 2 files");
  });

  test("a search of a long line shows where the match stands, and the column to read from", async () => {
    await use(writeFile, {
      path: "a.json",
      content: `{"x": "${"-".repeat(5_000)}needle${"-".repeat(5_000)}"}`,
    });
    const found = await use(searchFiles, { text: "NEEDLE" });
    expect(found).toMatch(/^a\.json:1: \[column 4948\] -{60}needle-+$/);
    expect(await use(readFile, { path: "a.json", column: 5_008 })).toMatch(/\nneedle/);
  });

  test("a search looks into stored tool results only when it is told to, and into a single file", async () => {
    await use(writeFile, { path: "a.md", content: "needle" });
    const path = "tool-results/1.1.0-0000abcd.txt";
    await workspaceOf("coder").enterResult(path, await blobs.put(EXECUTION, "a needle"));
    expect(await use(searchFiles, { text: "needle" })).toBe("a.md:1: needle");
    expect(await use(searchFiles, { text: "needle", folder: "tool-results" })).toBe(`${path}:1: a needle`);
    expect(await use(searchFiles, { text: "needle", folder: path })).toBe(`${path}:1: a needle`);
  });

  test("a search stops at 100 matches and says so", async () => {
    await use(writeFile, { path: "a", content: "x\n".repeat(500) });
    const lines = (await use(searchFiles, { text: "x" })).split("\n");
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toMatch(/more matches/);
  });
});
