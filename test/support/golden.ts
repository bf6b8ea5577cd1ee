import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** Compares with a file of `test/golden`, which only `npm run golden:update` writes. */
export const expectGolden = (name: string, value: unknown): void => {
  const file = fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env["GOLDEN_UPDATE"] === "1") writeFileSync(file, text);
  if (!existsSync(file)) throw new Error(`there is no golden file ${name}; npm run golden:update writes it`);
  expect(text).toBe(readFileSync(file, "utf8"));
};
