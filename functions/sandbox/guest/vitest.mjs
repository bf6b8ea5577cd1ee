// What `vitest` and `node:test` offer, as far as there is such a thing here.
import { test } from "./tests.mjs";

export { expect } from "./expect.mjs";
export * from "./tests.mjs";
// What `import test from "node:test"` asks for.
// biome-ignore lint/style/noDefaultExport: the module that this one stands for has one
export default test;
