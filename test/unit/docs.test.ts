import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const pages = globSync("**/*.md", { exclude: ["**/node_modules/**", "**/.bulkhead/**", "dist/**"] })
  .filter((path) => /^(README|CHANGELOG)\.md$|README\.md$|^docs\//.test(path))
  .map((path) => ({ path, text: readFileSync(path, "utf8") }));

/** Without blocks of code, in which brackets are no links and paths may be a reader's own. */
const proseOf = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, "");

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): string[] =>
  [...proseOf(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

const linksOf = (text: string): string[] =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);

const leadsSomewhere = (page: string, link: string): boolean => {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readFileSync(target, "utf8")).includes(anchor);
};

test("every link to a page or a heading of this repository leads there", () => {
  const links = pages.flatMap(({ path, text }) =>
    linksOf(text)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => ({ path, link })),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(({ path, link }) => !leadsSomewhere(path, link))).toEqual([]);
});

test("a link that leads nowhere is noticed, and so is a heading that is gone", () => {
  expect(leadsSomewhere("docs/deploy.md", "tools.md#mcp-servers")).toBe(true);
  expect(leadsSomewhere("docs/deploy.md", "tools.md#mcp")).toBe(false);
  expect(leadsSomewhere("docs/deploy.md", "tool.md")).toBe(false);
});

test("every npm script that a page names exists", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, script = ""]) => ({ path, script })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test("every file that a page names by its path exists", () => {
  const named = pages.flatMap(({ path, text }) =>
    [...proseOf(text).matchAll(/`((?:functions|infra|test|bench|examples|docs)\/[\w./-]+)`/g)].map(
      ([, file = ""]) => ({ path, file }),
    ),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ file }) => !existsSync(file))).toEqual([]);
});
