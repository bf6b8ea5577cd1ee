import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/**
 * The dependency rule: imports point from what changes often to what changes rarely, and never
 * sideways between functions. Most specific folder first; a file outside every layer fails, so a
 * new folder is a decision and not an accident.
 */
interface Layer {
  readonly folder: string;
  /** Folders (ending in `/`) or files. A layer may always import itself. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
}

const shared = (...names: string[]): string[] => names.map((name) => `functions/shared/${name}`);

const LAYERS: readonly Layer[] = [
  { folder: "functions/shared/contracts/", imports: [], packages: ["zod"] },
  { folder: "functions/shared/kernel/", imports: shared("contracts/"), packages: ["node:", "zod"] },
  { folder: "functions/shared/ports/", imports: shared("contracts/"), packages: [] },
  {
    folder: "functions/shared/agent/",
    imports: shared("contracts/", "kernel/", "ports/"),
    packages: ["node:", "zod"],
  },
  {
    folder: "functions/shared/adapters/",
    imports: shared("contracts/", "kernel/", "ports/"),
    packages: ["node:", "@aws-sdk/", "@anthropic-ai/", "@modelcontextprotocol/client"],
  },
  { folder: "functions/shared/entry/", imports: ["functions/shared/"], packages: ["node:", "aws-lambda"] },
  {
    folder: "functions/coordinator/core/",
    imports: shared("contracts/", "kernel/assert.ts"),
    packages: [],
  },
  { folder: "functions/coordinator/", imports: ["functions/shared/"], packages: ["node:", "zod"] },
  // What stands around a program in the sandbox; it runs in QuickJS, where nothing else exists.
  { folder: "functions/sandbox/guest/", imports: [], packages: [] },
  {
    folder: "functions/sandbox/",
    imports: ["functions/shared/"],
    packages: ["node:", "zod", "quickjs-emscripten-core", "@jitl/quickjs-ng-wasmfile-release-sync"],
  },
  { folder: "functions/sweeper/", imports: ["functions/shared/"], packages: ["node:"] },
  {
    folder: "functions/api/",
    imports: ["functions/shared/"],
    packages: ["node:", "hono", "@hono/zod-openapi", "aws-lambda"],
  },
  { folder: "functions/agents/*/", imports: ["functions/shared/"], packages: ["node:", "zod"] },
  // The bundler loads each agent.ts by path; it asks the runtime's own code what a spec is.
  {
    folder: "infra/bundle.ts",
    imports: [...shared("contracts/", "agent/"), "infra/compile-functions.ts"],
    packages: ["node:", "esbuild", "zod"],
  },
  { folder: "infra/compile-functions.ts", imports: ["infra/slim-bundle.ts"], packages: ["node:", "esbuild"] },
  { folder: "infra/script-options.ts", imports: [], packages: ["node:"] },
  // It writes imports of zod into the sources that it reads.
  { folder: "infra/slim-bundle.ts", imports: [], packages: ["node:", "esbuild", "zod"] },
  {
    folder: "infra/local/model-server/",
    imports: [...shared("contracts/"), "examples/", "infra/script-options.ts", "infra/local/host-error.ts"],
    packages: ["node:", "zod"],
  },
  // Each brings its script, and the files that its script's agents write.
  { folder: "examples/*/", imports: ["infra/local/model-server/"], packages: ["node:", "vitest"] },
  {
    folder: "infra/local/",
    imports: [...shared("contracts/"), "infra/bundle.ts"],
    packages: ["node:", "zod", "fauxqs", "dynalite", "@aws-sdk/", "aws-lambda"],
  },
  {
    folder: "infra/aws/",
    imports: [...shared("contracts/"), "infra/bundle.ts", "infra/script-options.ts"],
    packages: ["node:", "zod", "aws-cdk-lib", "constructs", "cdk-nag", "@aws-sdk/"],
  },
  {
    folder: "infra/cli/",
    imports: [...shared("contracts/", "kernel/nearest-name.ts"), "infra/local/host.ts"],
    packages: ["node:", "zod", "log-update", "slice-ansi"],
  },
];

const EVERYTHING = /^(test|bench)\/|\.config\.ts$/;

const sources = globSync("{functions,infra,examples}/**/*.{ts,mjs,js}", {
  exclude: (path) => String(path).includes("node_modules"),
}).map(normalize);

const layerOf = (file: string): Layer | undefined =>
  LAYERS.find(({ folder }) =>
    folder.includes("*")
      ? new RegExp(`^${folder.replace("*", "[^/]+")}`).test(file)
      : file.startsWith(folder),
  );

/** The folder that a layer calls its own: for `functions/agents/*` the one agent, never its neighbour. */
const ownFolder = (layer: Layer, file: string): string =>
  layer.folder.includes("*")
    ? file
        .split("/")
        .slice(0, layer.folder.split("/").length - 1)
        .join("/")
    : layer.folder;

const importsOf = (file: string): string[] => {
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const specifiers = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)["']([^"'\n]+)["']/g);
  return [...specifiers].map((match) => match[1] ?? "");
};

const isAllowed = (file: string, specifier: string, layer: Layer): boolean => {
  if (!specifier.startsWith(".")) {
    return layer.packages.some((allowed) =>
      allowed.endsWith(":") || allowed.endsWith("/")
        ? specifier.startsWith(allowed)
        : specifier === allowed || specifier.startsWith(`${allowed}/`),
    );
  }
  const target = normalize(join(dirname(file), specifier));
  return [ownFolder(layer, file), ...layer.imports].some((allowed) => target.startsWith(allowed));
};

test("every source file belongs to a layer", () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.filter((file) => layerOf(file) === undefined && !EVERYTHING.test(file))).toEqual([]);
});

test("imports follow the dependency rule", () => {
  const wrong = sources.flatMap((file) => {
    const layer = layerOf(file);
    if (layer === undefined) return [];
    return importsOf(file)
      .filter((specifier) => !isAllowed(file, specifier, layer))
      .map((specifier) => `${file} must not import ${specifier}`);
  });
  expect(wrong).toEqual([]);
});

test("the rule catches a sideways import, a forbidden package and an ambient one", () => {
  const core = layerOf("functions/coordinator/core/decide.ts") as Layer;
  const agent = layerOf("functions/agents/coder/agent.ts") as Layer;
  expect(isAllowed("functions/agents/coder/agent.ts", "../planner/agent.ts", agent)).toBe(false);
  expect(isAllowed("functions/coordinator/core/decide.ts", "node:crypto", core)).toBe(false);
  expect(isAllowed("functions/coordinator/core/decide.ts", "../../shared/kernel/errors.ts", core)).toBe(
    false,
  );
  expect(isAllowed("functions/coordinator/core/decide.ts", "../../shared/kernel/assert.ts", core)).toBe(true);
});

test("contracts, kernel, ports and the agent runtime know no vendor", () => {
  const vendors = /aws-sdk|anthropic-ai|modelcontextprotocol|fauxqs|dynalite/;
  const wrong = sources
    .filter((file) => /functions\/(shared\/(contracts|kernel|ports|agent)|coordinator|agents)\//.test(file))
    .filter((file) => importsOf(file).some((specifier) => vendors.test(specifier)));
  expect(wrong).toEqual([]);
});
