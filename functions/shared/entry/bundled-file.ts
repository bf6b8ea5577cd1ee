import { readFileSync } from "node:fs";
import { AgentManifest } from "../contracts/agent-manifest.ts";
import { TerminalError } from "../kernel/errors.ts";
import { parsedJson } from "../kernel/parsed-json.ts";

/** The agents that were bundled together with this function. */
export const readManifest = (path: string | undefined): AgentManifest => {
  const text = readBeside("manifest.json", path);
  const manifest = AgentManifest.safeParse(parsedJson(text));
  if (manifest.success) return manifest.data;
  throw new TerminalError("Internal", "manifest.json is not an agent manifest; bundle the functions anew");
};

/** The agent's system prompt as it was bundled. */
export const readPrompt = (): string => readBeside("prompt.md", undefined);

/** This module is part of the bundle, so that what lies beside the bundle lies beside it. */
const readBeside = (name: string, path: string | undefined): string => {
  try {
    return readFileSync(path ?? new URL(name, import.meta.url), "utf8");
  } catch (cause) {
    throw new TerminalError("Internal", `${name} is missing beside the bundle; bundle the functions anew`, {
      cause,
    });
  }
};
