/**
 * Which file a relative import means. As in TypeScript and bundlers, an ending may be left out, and
 * `.js` may stand for the `.ts` that it will be made from. `undefined`: none of the files, or a path that
 * leads out of the workspace.
 */
export const resolveImport = (
  importer: string,
  specifier: string,
  has: (path: string) => boolean,
): string | undefined => {
  const path = joined(importer.split("/").slice(0, -1), specifier);
  return path === undefined ? undefined : candidatesFor(path).find(has);
};

export const isRelative = (specifier: string): boolean => /^\.\.?\//.test(specifier);

const joined = (folder: readonly string[], specifier: string): string | undefined => {
  const parts = [...folder];
  for (const part of specifier.split("/")) {
    if (part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
};

const candidatesFor = (path: string): string[] => [
  path,
  path.replace(/\.(m?)js$/, ".$1ts"),
  ...[".ts", ".mts", ".js", ".mjs", ".json", "/index.ts", "/index.js"].map((ending) => path + ending),
];
