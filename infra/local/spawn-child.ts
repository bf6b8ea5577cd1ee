import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FunctionSettings } from "./function-settings.ts";

const RUNTIME_CLIENT = fileURLToPath(new URL("runtime-client.mjs", import.meta.url));

interface Place {
  /** The address of the Runtime API, the environment's name included. */
  readonly runtimeApi: string;
  /** The child's own folder for temporary files. */
  readonly scratch: string;
  /** Without a log, standard output is not even read. */
  readonly hasLog: boolean;
}

/** A child in a process group of its own, with nothing of this process's environment but the PATH. */
export const spawnChild = (settings: FunctionSettings, place: Place): ChildProcess =>
  spawn(process.execPath, argumentsOf(settings), {
    cwd: settings.taskRoot,
    env: variablesOf(settings, place),
    stdio: ["pipe", place.hasLog ? "pipe" : "ignore", "pipe"],
    detached: true,
  });

const argumentsOf = ({ memoryMb }: FunctionSettings): string[] => [
  `--max-old-space-size=${memoryMb}`,
  "--disable-warning=ExperimentalWarning", // node:sqlite
  RUNTIME_CLIENT,
];

const variablesOf = (settings: FunctionSettings, place: Place): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  LANG: "en_US.UTF-8",
  TZ: "UTC",
  // Not the user's home: the AWS SDK would read the user's own account settings there.
  HOME: place.scratch,
  TMPDIR: place.scratch,
  ...settings.env,
  _HANDLER: settings.handler,
  LAMBDA_TASK_ROOT: settings.taskRoot,
  AWS_LAMBDA_RUNTIME_API: place.runtimeApi,
  AWS_LAMBDA_FUNCTION_NAME: settings.name,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
  AWS_LAMBDA_MAX_CONCURRENCY: String(settings.slotsPerEnvironment),
});
