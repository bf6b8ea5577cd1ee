import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { StartExecutionBody } from "../../../../functions/shared/contracts/api.ts";
import { exampleNames, readExample } from "../../../../infra/cli/example.ts";
import { startExecutionApi } from "./fake-api.ts";
import { bulkhead } from "./fake-process.ts";
import { finished, standardEvents } from "./standard-execution.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const write = (path: string, content: string | Uint8Array): string => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
  return join(folder, path);
};

/** What `run` sends. */
const sentBy = async (args: readonly string[], scripted = false): Promise<StartExecutionBody> => {
  const { url, received } = await startExecutionApi(standardEvents, finished, {
    "GET /health": () => ({ body: { status: "ok", scripted } }),
  });
  expect(await bulkhead(["run", ...args, "--api", url])).toMatchObject({ exitCode: 0 });
  return received.find(({ method }) => method === "POST")?.body as StartExecutionBody;
};

describe("run --file", () => {
  test("sends each file with the request, those from elsewhere under their bare names", async () => {
    const design = write("docs/design.md", "# Design\n");
    const notes = write("notes.txt", "ü");
    const body = await sentBy(["Review it", "--file", design, "--file", notes]);
    expect(body).toEqual({
      input: "Review it",
      files: [
        { path: "design.md", content: "# Design\n" },
        { path: "notes.txt", content: "ü" },
      ],
    });
  });

  test("keeps the path of a file below this folder, in its plain form", async () => {
    const { files } = await sentBy(["x", "--file", "./test/../package.json", "--file", "infra/cli/main.ts"]);
    expect(files?.map(({ path }) => path)).toEqual(["package.json", "infra/cli/main.ts"]);
    const above = await sentBy(["x", "--file", relative(".", write("a.md", "a"))]);
    expect(above.files?.map(({ path }) => path)).toEqual(["a.md"]);
  });

  test.each([
    ["a file that is not there", () => join(folder, "none.md"), "there is no such file"],
    ["a folder", () => folder, "it is a folder"],
    ["what is no text", () => write("x.png", Uint8Array.from([0x89, 0x50, 0xff])), "it is no text in UTF-8"],
  ])("%s is one line, and nothing is started", async (_, pathOf, problem) => {
    const ran = await bulkhead(["run", "x", "--file", pathOf(), "--api", "http://127.0.0.1:1"]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/^bulkhead: --file [^\n]+\n$/);
    expect(ran.stderr).toContain(problem);
  });
});

describe("run --example", () => {
  test.each(exampleNames())(
    "%s sends its request and its files, and no marker to a real model",
    async (name) => {
      const example = readExample(name);
      const body = await sentBy(["--example", name]);
      expect(body).toEqual({
        input: example.request,
        ...(example.files.length === 0 ? {} : { files: example.files }),
      });
      expect(body.input).not.toContain("[[");
    },
  );

  test("names its script to the scripted model server", async () => {
    const body = await sentBy(["--example", "review"], true);
    expect(body.input).toBe(`${readExample("review").request}\n\n[[review]]`);
    expect(body.files).toMatchObject([{ path: "docs/design.md" }]);
  });

  test("takes files of one's own beside its own", async () => {
    const { files } = await sentBy(["--example", "review", "--file", write("more.md", "m")]);
    expect(files?.map(({ path }) => path)).toEqual(["docs/design.md", "more.md"]);
  });

  test.each([
    [["--example", "reviw"], 'there is no example "reviw"; did you mean review?'],
    [["--example", "review", "Review it"], "leave TEXT out"],
    [[], "run needs TEXT or --example"],
  ])("%j is refused", async (args, problem) => {
    const ran = await bulkhead(["run", ...args, "--api", "http://127.0.0.1:1"]);
    expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ran.stderr).toContain(problem);
  });
});
