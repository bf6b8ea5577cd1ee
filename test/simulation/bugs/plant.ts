import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import type { Patch, PlantedBug } from "./planted-bug.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Throws when a patch does not fit its source exactly once: then the source has moved on and the bug must follow. */
export const checkFits = ({ patches }: PlantedBug): void => {
  for (const patch of patches) patched(readFileSync(new URL(patch.file, ROOT), "utf8"), patch);
};

/**
 * From now on this thread loads the product with a bug in it; nothing on disk changes. Throws like
 * `checkFits`.
 */
export const plant = (bug: PlantedBug): void => {
  checkFits(bug);
  const { patches } = bug;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const mine = patches.filter(({ file }) => url === new URL(file, ROOT).href);
      if (mine.length === 0) return loaded;
      const source =
        typeof loaded.source === "string"
          ? loaded.source
          : Buffer.from(loaded.source as Uint8Array).toString();
      return { ...loaded, source: mine.reduce(patched, source) };
    },
  });
};

const patched = (source: string, { file, find, replace }: Patch): string => {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`${file}: ${parts.length - 1} places instead of one are\n${find}`);
  }
  return parts.join(replace);
};
