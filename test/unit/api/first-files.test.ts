import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import {
  fileKey,
  filesPartition,
  permitKey,
  stateKey,
} from "../../../functions/shared/contracts/resources.ts";
import { FileRecord } from "../../../functions/shared/contracts/task-record.ts";
import { MemoryStore } from "../../support/memory-ports.ts";
import { type Api, anApi, NOW, problemOf } from "./api-fixture.ts";

const DESIGN = { path: "docs/design.md", content: "# Design\n" };

const started = async (response: Response): Promise<string> => {
  expect(response.status).toBe(202);
  return ((await response.json()) as { executionId: string }).executionId;
};

const fileOf = async (api: Api, id: string, path: string) =>
  FileRecord.parse(await api.store.get(fileKey(id, path)));

const refused = async (files: unknown) => {
  const api = anApi();
  const problem = await problemOf(await api.post({ input: "x", files }));
  expect(api.store.items()).toEqual([]);
  expect(api.blobs.texts.size).toBe(0);
  return problem;
};

describe("files that come with a request", () => {
  test("are in the workspace before STATE exists, written by the caller", async () => {
    const api = anApi();
    const id = await started(await api.post({ input: "Review it", files: [DESIGN] }));
    expect(api.store.requests.map(({ key }) => key)).toEqual([
      `PERMIT#${id}|PERMIT`,
      `FILES#${id}|#TOTALS`,
      `FILES#${id}|docs/design.md`,
      `EXE#${id}|STATE`,
    ]);
    const file = await fileOf(api, id, "docs/design.md");
    expect(file).toMatchObject({ version: 1, by: "caller", taskId: `${id}.1`, at: NOW });
    expect(await api.blobs.get(file.blob)).toBe(DESIGN.content);
  });

  test("are listed and read like any other, and count against the workspace's quota", async () => {
    const api = anApi();
    const id = await started(
      await api.post({ input: "x", files: [DESIGN, { path: "empty.txt", content: "" }] }),
    );
    const listed = (await (await api.request(`/executions/${id}/files`)).json()) as { files: object[] };
    expect(listed.files).toMatchObject([
      { path: "docs/design.md", by: "caller", bytes: 9 },
      { path: "empty.txt", by: "caller", bytes: 0 },
    ]);
    const totals = await api.store.get({ pk: filesPartition(id), sk: "#TOTALS" });
    expect(totals).toMatchObject({ files: 2, bytes: 9 });
  });

  test("expire with their execution", async () => {
    const api = anApi();
    const id = await started(await api.post({ input: "x", files: [DESIGN] }));
    const expiresAt = (await api.store.get(permitKey(id)))?.["expiresAt"];
    for (const item of api.store.items().filter(({ pk }) => pk === filesPartition(id))) {
      expect(item["expiresAt"]).toBe(expiresAt);
    }
  });

  test("a path in two Unicode forms names one file [bad-input 54]", async () => {
    const api = anApi();
    const id = await started(
      await api.post({ input: "x", files: [{ path: "cafe\u0301.md", content: "c" }] }),
    );
    expect(await fileOf(api, id, "caf\u00e9.md")).toMatchObject({ path: "caf\u00e9.md" });
  });

  test("a lone surrogate in a text is replaced, as everywhere [bad-input 12]", async () => {
    const api = anApi();
    const id = await started(await api.post(`{"input":"x","files":[{"path":"a","content":"\\ud800"}]}`));
    expect(await api.blobs.get((await fileOf(api, id, "a")).blob)).toBe("\ufffd");
  });
});

describe("files that cannot be taken are refused before anything is stored", () => {
  test.each(["../x", "/etc/passwd", "a\\b", "a//b", "a\0b", ".", "handoffs/x.md", "Handoffs/x.md"])(
    "a path like %j is INVALID_PATH [bad-input 53]",
    async (path) => {
      expect(await refused([DESIGN, { path, content: "x" }])).toMatchObject({
        status: 400,
        code: "INVALID_PATH",
        path: "files.1.path",
      });
    },
  );

  test.each([
    ["not a list", "x", "INVALID_BODY", "files"],
    ["a bare path", ["a.md"], "INVALID_BODY", "files.0"],
    ["without a text", [{ path: "a.md" }], "INVALID_BODY", "files.0.content"],
    ["without a path", [{ content: "x" }], "INVALID_PATH", "files.0.path"],
    ["a mistyped field", [{ path: "a", content: "x", contnet: "y" }], "UNKNOWN_FIELD", "files.0.contnet"],
    ["one path twice", [DESIGN, DESIGN], "DUPLICATE_KEY", "files.1.path"],
    [
      "too many",
      Array.from({ length: LIMITS.firstFilesMax + 1 }, (_, n) => ({ path: `${n}`, content: "" })),
      "INVALID_BODY",
      "files",
    ],
  ])("%s", async (_, files, code, path) => {
    expect(await refused(files)).toMatchObject({ status: 400, code, path });
  });

  test("a file of more than 1 MiB, and files of more than 2 MiB in all, are 413 with the limit stated", async () => {
    const large = (path: string, bytes: number) => ({ path, content: "x".repeat(bytes) });
    expect(await refused([large("a", LIMITS.fileBytesMax + 1)])).toMatchObject({
      status: 413,
      path: "files.0.content",
      detail: expect.stringContaining(String(LIMITS.fileBytesMax)),
    });
    const three = ["a", "b", "c"].map((path) => large(path, LIMITS.fileBytesMax * 0.75));
    expect(await refused(three)).toMatchObject({
      status: 413,
      path: "files",
      detail: expect.stringContaining(String(LIMITS.firstFilesBytesMax)),
    });
  });
});

describe("the same Idempotency-Key", () => {
  const key = { "idempotency-key": "order-1" };

  /** Dies when STATE is to be created, as a function may that is killed there. */
  class DyingStore extends MemoryStore {
    isDying = true;
    override create(item: Parameters<MemoryStore["create"]>[0]) {
      if (this.isDying && item.sk === "STATE") throw new Error("killed");
      return super.create(item);
    }
  }

  test("with other files is another body [bad-input 16]", async () => {
    const api = anApi();
    await started(await api.post({ input: "x", files: [DESIGN] }, key));
    const again = await api.post({ input: "x", files: [{ ...DESIGN, content: "# Other\n" }] }, key);
    expect((await problemOf(again))["code"]).toBe("IDEMPOTENCY_CONFLICT");
  });

  test("finishes a creation that died, and leaves alone what stands in the workspace", async () => {
    const store = new DyingStore();
    const api = anApi({ store });
    expect((await api.post({ input: "x", files: [DESIGN] }, key)).status).toBe(500);
    store.isDying = false;
    const id = store.items()[0]?.pk.slice("PERMIT#".length) ?? "";
    const before = await api.store.get(fileKey(id, DESIGN.path));
    api.clock.advance(1_000);
    expect(await started(await api.post({ input: "x", files: [DESIGN] }, key))).toBe(id);
    expect(await api.store.get(fileKey(id, DESIGN.path))).toEqual(before);
  });

  test("with another body never adds its files to a creation that died half-way [bad-input 16]", async () => {
    const store = new DyingStore();
    const api = anApi({ store });
    await api.post({ input: "x", files: [DESIGN] }, key);
    store.isDying = false;
    const other = await api.post({ input: "x", files: [{ path: "evil.md", content: "x" }] }, key);
    expect((await problemOf(other))["code"]).toBe("IDEMPOTENCY_CONFLICT");
    expect(store.items().some(({ sk }) => sk === "evil.md")).toBe(false);
    expect(store.items().some(({ pk, sk }) => pk.startsWith("EXE#") && sk === stateKey("").sk)).toBe(false);
  });
});
