import type { ExecutionStatus } from "../../../functions/shared/contracts/execution-state.ts";
import type { Paint } from "./paint.ts";

const STYLES = {
  RUNNING: "cyan",
  SUCCEEDED: "green",
  FAILED: "red",
  TIMED_OUT: "red",
  ABORTED: "yellow",
} as const satisfies Record<ExecutionStatus, string>;

export const statusColour =
  (status: ExecutionStatus, paint: Paint) =>
  (text: string): string =>
    paint(STYLES[status], text);
