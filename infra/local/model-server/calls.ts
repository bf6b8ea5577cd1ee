import { readFileSync } from "node:fs";
import type { Call, ToolResult, TurnContext } from "./script.ts";

// The tools' inputs as scripts write them, in one place; the agents' own tools are the truth.

export const listFiles = (): Call => ({ name: "list_files", input: {} });

export const readFile = (path: string): Call => ({ name: "read_file", input: { path } });

export const searchFiles = (text: string, folder?: string): Call => ({
  name: "search_files",
  input: { text, ...(folder === undefined ? {} : { folder }) },
});

export const writeFile = (path: string, content: string, version?: number): Call => ({
  name: "write_file",
  input: { path, content, ...(version === undefined ? {} : { version }) },
});

/** Writes files of the folder `written` beside a script: what an agent writes is checked like all other code. */
export const writerOf =
  (scriptUrl: string) =>
  (path: string): Call =>
    writeFile(path, readFileSync(new URL(`./written/${path}`, scriptUrl), "utf8"), 0);

/** Replaces the one place where `old` stands. */
export const editFile = (path: string, old: string, replacement: string): Call => ({
  name: "edit_file",
  input: { path, old, new: replacement },
});

/** A file of the workspace, or a module's text. */
export const runCode = (what: { readonly path: string } | { readonly code: string }): Call => ({
  name: "run_code",
  input: what,
});

export interface HandoffTarget {
  readonly agent: string;
  readonly task: string;
  readonly context?: string;
  readonly artifacts?: readonly string[];
}

export const handoff = (
  mode: "single" | "parallel" | "transfer",
  to: readonly HandoffTarget[],
  options: { readonly onFailure?: unknown; readonly deadlineSeconds?: unknown } = {},
): Call => ({ name: "handoff", input: { mode, to, ...options } });

export const askHuman = (
  question: string,
  options: { context?: string; options?: readonly string[]; deadlineSeconds?: number } = {},
): Call => ({ name: "ask_human", input: { question, ...options } });

/** Tool results for people, a line for each. */
export const resultLines = (results: readonly ToolResult[]): string =>
  results.map(({ tool, content, isError }) => `${tool} (${isError ? "error" : "ok"}): ${content}`).join("\n");

/** What the last `run_code` among these says of its tests: their count, or how it ended without any. */
export const testVerdict = (results: readonly ToolResult[]): string => {
  const run = results.findLast(({ tool }) => tool === "run_code")?.content ?? "no run";
  return /^tests: .*$/m.exec(run)?.[0] ?? run.split("\n", 1)[0] ?? run;
};

/** One entry of a handoff's result. */
export interface BranchAnswer {
  readonly agent: string;
  readonly status: string;
  /** The answer or its beginning, or the error in words. */
  readonly text: string;
  /** Where the whole answer is, when it was too large to be told. */
  readonly path?: string;
}

/** What the peers answered in the last turn that handed off, over all its handoff calls. */
export const answersOf = (context: TurnContext): readonly BranchAnswer[] => {
  for (let turn = context.turn - 1; turn >= 1; turn -= 1) {
    const results = context.toolResultsOf(turn).filter(({ tool }) => tool === "handoff");
    if (results.length > 0) return results.flatMap(branchesOf);
  }
  return [];
};

/** What one peer answered, or why it did not, in words. */
export const answerOf = (context: TurnContext, agent: string): string => {
  const answer = answersOf(context).find((entry) => entry.agent === agent);
  if (answer === undefined) return `(the ${agent} was not asked)`;
  return answer.status === "succeeded"
    ? answer.text
    : `(the ${agent} did not answer: ${answer.status}, ${answer.text})`;
};

/** As Markdown shows somebody else's words. */
export const quoted = (text: string): string => text.replaceAll(/^/gm, "> ");

/** `planner (succeeded): its answer`, a line for each branch. */
export const report = (context: TurnContext): string =>
  answersOf(context)
    .map(({ agent, status, text }) => `${agent} (${status}): ${text}`)
    .join("\n");

const branchesOf = (result: ToolResult): readonly BranchAnswer[] => {
  const entries = parseList(result.content);
  if (entries === undefined) {
    return [{ agent: "handoff", status: result.isError ? "refused" : "unreadable", text: result.content }];
  }
  return entries.map((entry) => ({
    agent: String(entry["agent"]),
    status: String(entry["status"]),
    text: textOf(entry["answer"] ?? entry["error"] ?? ""),
    ...(typeof entry["path"] === "string" ? { path: entry["path"] } : {}),
  }));
};

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  const { name, message } = value as { readonly name?: unknown; readonly message?: unknown };
  return `${name}: ${message}`;
};

const parseList = (text: string): Array<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
