import { ExecutionId } from "../../functions/shared/contracts/ids.ts";
import type { ApiClient } from "./api-client.ts";
import { CliError, UsageError } from "./errors.ts";

/** How many of the newest executions a part of an id is looked for in: one page of the API. */
const SEARCHED = 100;

/**
 * The execution that `word` means: a whole id, `last`, or the beginning or end of a recent id. An empty
 * one is refused: it is a script's variable that was never set, and would fit every execution.
 */
export const findExecution = async (api: ApiClient, word = "last"): Promise<ExecutionId> => {
  if (word.trim() === "") throw new UsageError("ID is empty; leave it out or say last for the newest");
  const wanted = word.toUpperCase();
  if (ExecutionId.safeParse(wanted).success) return wanted;
  const ids = (await api.executions({ limit: SEARCHED })).executions.map(({ executionId }) => executionId);
  const found =
    wanted === "LAST" ? ids.slice(0, 1) : ids.filter((id) => id.startsWith(wanted) || id.endsWith(wanted));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new CliError(
    found.length > 1
      ? `"${word}" may be any of ${found.length} executions`
      : wanted === "LAST"
        ? "there is no execution yet"
        : `no execution's id begins or ends with "${word.slice(0, 80)}"`,
    { hint: "npm run bulkhead -- ls    lists them; the last characters of an id are enough" },
  );
};
