import { execFileSync } from "node:child_process";

/** The commit that is tested, with a plus when the working tree differs; `unknown` outside a repository. */
export const commitOf = (): string => {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return `${git("rev-parse", "--short=10", "HEAD")}${git("status", "--porcelain", "-uno") === "" ? "" : "+"}`;
  } catch {
    return "unknown";
  }
};

/** Each commit meets worlds of its own; the same commit the same ones. */
export const firstSeedOf = (commit: string): number => {
  const seed = Number.parseInt(commit.slice(0, 7), 16);
  return Number.isNaN(seed) ? 1 : seed;
};
