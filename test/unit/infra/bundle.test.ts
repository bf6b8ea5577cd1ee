import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BundleError, bundle } from "../../../infra/bundle.ts";
import { cachedBundle } from "../../../infra/local/bundle-cache.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** A repository of its own: an api, and agents made of this repository's `defineAgent`. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bulkhead-bundle-"));
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  write(
    "functions/api/handler.ts",
    `import { createRequire as unused } from "node:module"; export const handler = async (): Promise<string> => "api";`,
  );
  write("functions/shared/not-a-function.ts", "export const x = 1;");
  writeAgent("coder");
  writeAgent("planner", { handoffs: ["coder"] });
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  utimesSync(join(root, file), new Date(), new Date(Date.now() - 60_000)); // settled a while ago
};

const writeAgent = (name: string, declaration: object = {}): void => {
  const spec = JSON.stringify({ name, role: `role of ${name}`, tools: [], ...declaration });
  write(
    `functions/agents/${name}/agent.ts`,
    `import { defineAgent } from ${JSON.stringify(`${repository}/functions/shared/agent/agent-spec.ts`)};
export const ${name.replaceAll("-", "_")} = defineAgent(${spec});`,
  );
  write(`functions/agents/${name}/prompt.md`, `You are ${name}.`);
  write(
    `functions/agents/${name}/handler.ts`,
    `import { ${name.replaceAll("-", "_")} as agent } from "./agent.ts"; export const handler = async () => agent.name;`,
  );
};

const outDir = (): string => join(root, "out");
const run = () => bundle({ root, outDir: outDir() });

test("each function becomes a folder that runs by itself", async () => {
  const { functions } = await run();
  expect(functions.map(({ name, isAgent }) => [name, isAgent])).toEqual([
    ["api", false],
    ["coder", true],
    ["planner", true],
  ]);
  for (const { name, folder } of functions) {
    const bundled = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "index.mjs")).href)) as {
      handler: () => Promise<string>;
    };
    expect(await bundled.handler()).toBe(name);
    expect(existsSync(join(folder, "manifest.json"))).toBe(true);
  }
  expect(readFileSync(join(outDir(), "planner", "prompt.md"), "utf8")).toBe("You are planner.");
});

test("the manifest says who there is, and handoffs default to all the others", async () => {
  const { manifest } = await run();
  expect(manifest.map(({ name, handoffs }) => [name, handoffs])).toEqual([
    ["coder", ["planner"]],
    ["planner", ["coder"]],
  ]);
  expect(JSON.parse(readFileSync(join(outDir(), "api", "manifest.json"), "utf8"))).toEqual(manifest);
});

test("an agent that reads, knows and acts outward by itself is a warning, and no failure", async () => {
  expect((await run()).warnings).toEqual([]);
  write(
    "functions/agents/coder/agent.ts",
    `import { defineAgent } from ${JSON.stringify(`${repository}/functions/shared/agent/agent-spec.ts`)};
import { readFile } from ${JSON.stringify(`${repository}/functions/shared/agent/tools/read-file.ts`)};
import { webFetch } from ${JSON.stringify(`${repository}/functions/shared/agent/tools/web-fetch.ts`)};
export const coder = defineAgent({
  name: "coder", role: "r", tools: [readFile, webFetch({ domains: ["docs.example.com"] })],
});`,
  );
  const { warnings } = await run();
  expect(warnings).toEqual([{ agent: "coder", text: expect.stringMatching(/^rule of two: .*web_fetch/) }]);
});

test("an agent that is one new folder is one more function and everybody's peer", async () => {
  writeAgent("tester");
  const { functions, manifest } = await run();
  expect(functions.map(({ name }) => name)).toEqual(["api", "coder", "planner", "tester"]);
  expect(manifest.find(({ name }) => name === "coder")?.handoffs).toEqual(["planner", "tester"]);
  expect(manifest.find(({ name }) => name === "planner")?.handoffs).toEqual(["coder"]);
});

const breakCoder: readonly [string, () => void, string][] = [
  ["lacks its prompt", () => rmSync(join(root, "functions/agents/coder/prompt.md")), "prompt.md is missing"],
  [
    "is named otherwise",
    () => writeAgentAs("coder", "koder"),
    'the agent is named "koder", its folder "coder"',
  ],
  [
    "exports no agent",
    () => write("functions/agents/coder/agent.ts", "export const coder = 1;"),
    "exports 0 agents",
  ],
  ["does not parse", () => write("functions/agents/coder/agent.ts", "export const coder = ;"), "agent.ts"],
  [
    "throws",
    () =>
      write("functions/agents/coder/agent.ts", "throw new Error('no luck\\ntoday'); export const coder = 1;"),
    "no luck; today",
  ],
  ["declares nonsense", () => writeAgent("coder", { role: "" }), 'agent "coder"'],
  [
    "imports what is not there",
    () => write("functions/agents/coder/handler.ts", "import './nowhere.ts'; export const handler = 1;"),
    "nowhere.ts",
  ],
  [
    "hands off to nobody",
    () => writeAgent("coder", { handoffs: ["plannner"] }),
    'there is no agent "plannner"',
  ],
];
const writeAgentAs = (folder: string, name: string): void => {
  write(
    `functions/agents/${folder}/agent.ts`,
    `import { defineAgent } from ${JSON.stringify(`${repository}/functions/shared/agent/agent-spec.ts`)};
export const coder = defineAgent({ name: "${name}", role: "r", tools: [] });`,
  );
};

test.each(breakCoder)("an agent that %s is one error line that names its folder", async (_, damage, said) => {
  damage();
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BundleError);
  const { message } = error as BundleError;
  expect(message).toContain(said);
  expect(message).toMatch(/coder/);
  expect(message).not.toContain("\n");
});

test.each([
  ["human", "the person whom agents ask"],
  ["caller", "who calls the API"],
])("an agent cannot be named %s, which is %s", async (name, meaning) => {
  writeAgent(name);
  await expect(run()).rejects.toThrow(
    `functions/agents/${name}: "${name}" is ${meaning}; give the folder another name`,
  );
});

test("an agent cannot take the name of another function", async () => {
  writeAgent("api");
  await expect(run()).rejects.toThrow("functions/agents/api: functions/api has this name already");
});

test("every source of this repository's own bundles is a file, though a plugin leaves some modules out", {
  timeout: 30_000,
}, async () => {
  const { sources } = await bundle({ root: repository, outDir: join(root, "real") });
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((file) => !existsSync(file))).toEqual([]);
});

test("a second start with the same sources uses the bundles of the first", async () => {
  const first = await cachedBundle({ root });
  expect(await cachedBundle({ root })).toEqual(first);
});

test.each([
  ["a source", () => write("functions/agents/coder/handler.ts", "export const handler = async () => 'new';")],
  ["a prompt", () => write("functions/agents/coder/prompt.md", "You are new.")],
  [
    "what a source imports",
    () =>
      write(
        "functions/agents/coder/agent.ts",
        readFileSync(join(root, "functions/agents/coder/agent.ts"), "utf8").replace("role of", "new role of"),
      ),
  ],
  ["the set of agents", () => writeAgent("tester")],
])("a change of %s makes new bundles and leaves the old ones as they are", async (_, change) => {
  const first = await cachedBundle({ root });
  const before = readFileSync(join(first.functions[1]?.folder ?? "", "index.mjs"), "utf8");
  change();
  const second = await cachedBundle({ root });
  expect(second.functions[1]?.folder).not.toBe(first.functions[1]?.folder);
  expect(readFileSync(join(first.functions[1]?.folder ?? "", "index.mjs"), "utf8")).toBe(before);
});

test("a changed declaration shows in the manifest of the next bundles", async () => {
  await cachedBundle({ root });
  writeAgent("coder", { role: "changed" });
  utimesSync(join(root, "functions/agents/coder/agent.ts"), new Date(), new Date(Date.now() - 30_000));
  const { manifest } = await cachedBundle({ root });
  expect(manifest.find(({ name }) => name === "coder")?.role).toBe("changed");
});
