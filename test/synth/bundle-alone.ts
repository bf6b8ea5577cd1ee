import { build, type Plugin } from "esbuild";
import { root } from "./synthesised.ts";

/** Bundles this text as a module of the repository into one file, with nothing left out but by the plugins. */
export const bundleAlone = async (
  contents: string,
  outfile: string,
  plugins: Plugin[] = [],
): Promise<void> => {
  await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    minify: true,
    legalComments: "none",
    plugins,
    logLevel: "silent",
  });
};
