import type { LogFields } from "../contracts/log-fields.ts";

type Level = "info" | "warn" | "error";

export interface JsonLog {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  readonly dropsInfo: boolean;
}

/** One JSON line per call to `write`, with `context` in each. Keys are ours; values are ids, codes, sizes and durations. */
export const createJsonLog = (
  write: (line: string) => void,
  context: LogFields = {},
  least: Level = "info",
): JsonLog => {
  const rank = { info: 0, warn: 1, error: 2 } as const;
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (rank[level] >= rank[least]) write(JSON.stringify({ level, message, ...context, ...fields }));
    };
  return { info: at("info"), warn: at("warn"), error: at("error"), dropsInfo: least !== "info" };
};
