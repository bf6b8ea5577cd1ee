import { readFileSync } from "node:fs";

/** A file that a page shows: its path stands in the first line of its block. */
export interface ShownFile {
  readonly path: string;
  readonly text: string;
}

const BLOCK = /^```(?:ts|md)\n(?:\/\/|<!--) (functions\/\S+)(?: -->)?\n([\s\S]*?)^```$/gm;

export const shownFiles = (page: string): ShownFile[] =>
  [...readFileSync(page, "utf8").matchAll(BLOCK)].map(([, path = "", text = ""]) => ({ path, text }));
