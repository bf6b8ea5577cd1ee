import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/**
 * A repository whose functions do nothing but show what the host does with them:
 * api answers with its environment; coordinator and sweeper note each event in a file; an agent
 * notes its pid and its environment, and then does what the message's body says.
 */
export const createFixtureRepository = (agents: readonly string[] = ["echo", "other"]): FixtureRepository => {
  const root = mkdtempSync(join(tmpdir(), "bulkhead-repository-"));
  const notes = join(root, "notes");
  mkdirSync(notes);
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  write(
    "functions/api/handler.ts",
    `export const handler = async (event: { path: string }) => {
    if (event.path === "/hang") await new Promise(() => {});
    return { statusCode: 200, body: JSON.stringify(process.env) };
  };`,
  );
  for (const name of ["coordinator", "sweeper"])
    write(`functions/${name}/handler.ts`, NOTE_EVENT(join(notes, name)));
  for (const name of agents) {
    write(`functions/agents/${name}/agent.ts`, AGENT(name));
    write(`functions/agents/${name}/prompt.md`, "prompt");
    write(`functions/agents/${name}/handler.ts`, AGENT_HANDLER(join(notes, name)));
  }
  return {
    root,
    notes: (name) => join(notes, name),
    write,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
};

export interface FixtureRepository {
  readonly root: string;
  /** The file in which a function notes what it saw, a JSON line each. */
  notes(name: string): string;
  write(file: string, text: string): void;
  remove(): void;
}

const NOTE_EVENT = (file: string): string => `import { appendFileSync } from "node:fs";
export const handler = async (event: unknown): Promise<null> => {
  appendFileSync(${JSON.stringify(file)}, JSON.stringify(event) + "\\n");
  return null;
};`;

const AGENT = (name: string): string =>
  `import { defineAgent } from ${JSON.stringify(`${repository}/functions/shared/agent/agent-spec.ts`)};
export const agent = defineAgent({ name: ${JSON.stringify(name)}, role: "fixture", tools: [] });`;

const AGENT_HANDLER = (file: string): string => `import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
export const handler = async ({ Records: [record] }: { Records: { body: string }[] }): Promise<null> => {
  const grandchild = record?.body === "spin" ? spawn("sleep", ["1000"], { stdio: "ignore" }).pid : undefined;
  const note = { pid: process.pid, grandchild, body: record?.body, env: process.env };
  appendFileSync(${JSON.stringify(file)}, JSON.stringify(note) + "\\n");
  if (record?.body === "spin") for (;;);
  if (record?.body === "wait") await new Promise(() => setInterval(() => {}, 1_000));
  return null;
};`;
