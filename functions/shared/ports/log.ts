import type { LogFields } from "../contracts/log-fields.ts";

/** One structured line. The message is constant and lower-case; values go in fields. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whoever would work for an `info` line need not when this is true; absent: they are written. */
  readonly dropsInfo?: boolean;
}
