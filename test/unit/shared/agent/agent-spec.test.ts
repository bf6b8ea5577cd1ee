import { globSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type AgentDeclaration,
  defineAgent,
  isAgentSpec,
  toManifestEntry,
} from "../../../../functions/shared/agent/agent-spec.ts";
import { handoff } from "../../../../functions/shared/agent/handoff-tool.ts";
import { defineTool } from "../../../../functions/shared/agent/tool.ts";
import { readFile } from "../../../../functions/shared/agent/tools/read-file.ts";
import { AgentManifestEntry } from "../../../../functions/shared/contracts/agent-manifest.ts";
import { DEFAULT_RETRY_POLICY } from "../../../../functions/shared/contracts/retry-policy.ts";

const declare = (changes: object = {}) =>
  defineAgent({
    name: "scout",
    role: "looking around",
    tools: [readFile, handoff],
    ...changes,
  } as AgentDeclaration);

describe("defineAgent", () => {
  test("fills in what is left out", () => {
    expect(declare()).toMatchObject({ model: {}, limits: {}, retry: DEFAULT_RETRY_POLICY, concurrency: 10 });
    expect(declare().handoffs).toBeUndefined();
    expect(isAgentSpec(declare())).toBe(true);
    expect(isAgentSpec({ name: "scout" })).toBe(false);
  });

  test.each([
    [{ name: "Scout!" }, "name"],
    [{ role: "" }, "role"],
    [{ tools: [{ name: "x" }] }, "tools"],
    [{ tools: [readFile, readFile] }, "share a name"],
    [{ handoffs: ["scout"] }, "itself"],
    [{ handoffs: ["No Name"] }, "handoffs"],
    [{ model: { maxTokens: 0 } }, "maxTokens"],
    [{ model: { temperature: 1 } }, "temperature"],
    [{ limits: { turns: 51 } }, "turns"],
    [{ concurrency: 0 }, "concurrency"],
    [{ retry: [{ errorEquals: [] }] }, "errorEquals"],
    [{ output: {} }, "output"],
    [{ colour: "red" }, "colour"],
  ])("%o is refused by name", (changes, word) => {
    expect(() => declare(changes)).toThrow(TypeError);
    expect(() => declare(changes)).toThrow(/^agent "/);
    expect(() => declare(changes)).toThrow(word);
  });

  test("its manifest entry holds what others may know, and leaves handoffs open for the bundler", () => {
    const entry = toManifestEntry(declare({ model: { provider: "glm", model: "glm-5" } }));
    expect(entry).toMatchObject({
      name: "scout",
      role: "looking around",
      tools: ["read_file", "handoff"],
      handoffs: undefined,
      provider: "glm",
      model: "glm-5",
    });
    expect(AgentManifestEntry.parse({ ...entry, handoffs: ["coder"] })).toMatchObject({ concurrency: 10 });
  });
});

describe("tools", () => {
  test("a field with a default is optional for the model, and unknown fields are not allowed", () => {
    expect(readFile.schema.input_schema).toMatchObject({ required: ["path"], additionalProperties: false });
    expect(readFile.schema.input_schema).not.toHaveProperty("$schema");
  });

  test("an input is checked before anything runs", () => {
    const tool = defineTool({
      name: "t",
      description: "d",
      input: z.strictObject({ n: z.int().default(1) }),
      effect: "readOnly",
      run: async ({ n }) => `${n}`,
    });
    expect(tool.prepare({ n: "x" })).toMatchObject({ ok: false, problem: expect.stringMatching(/^n: /) });
    expect(tool.prepare({})).toMatchObject({ ok: true });
  });

  test("the handoff tool names the agents that may be asked", () => {
    const schema = JSON.stringify(
      handoff.schemaFor([
        { name: "planner", role: "r" },
        { name: "critic", role: "r" },
      ]),
    );
    expect(schema).toContain('"enum":["planner","critic"]');
    expect(schema).toContain("deadlineSeconds");
  });
});

describe("the agents of this repository", () => {
  const folders = globSync("functions/agents/*");

  test.each(folders)(
    "%s declares an agent of its folder's name with a prompt worth reading",
    async (folder) => {
      const exported = Object.values(
        (await import(/* @vite-ignore */ pathToFileURL(`${folder}/agent.ts`).href)) as object,
      ).filter(isAgentSpec);
      expect(exported).toHaveLength(1);
      expect(exported[0]?.name).toBe(folder.split("/").at(-1));
      const prompt = readFileSync(`${folder}/prompt.md`, "utf8");
      for (const heading of ["How you work", "When to hand off", "What you answer"]) {
        expect(prompt).toContain(`## ${heading}`);
      }
      expect(readFileSync(`${folder}/handler.ts`, "utf8").match(/^.*\S.*$/gm)).toHaveLength(3);
    },
  );
});
