import { isDeepStrictEqual } from "node:util";
import { applyEvent } from "../../functions/coordinator/core/apply-event.ts";
import { initialState } from "../../functions/shared/contracts/execution-state.ts";
import { totalTokens } from "../../functions/shared/contracts/usage.ts";
import type { LedgerEntry } from "../../infra/local/model-server/ledger.ts";
import type { ExecutionEvidence, TaskEvidence } from "./evidence.ts";
import type { Kill } from "./killer.ts";

/** Broken invariants of docs/protocol.md, by their numbers there; none when all is well. */
export const violationsOf = (
  executions: readonly ExecutionEvidence[],
  ledger: readonly LedgerEntry[],
  kills: readonly Kill[],
): { readonly violations: string[]; readonly bill: Bill } => {
  const bill = billOf(executions, ledger, kills);
  return {
    bill,
    violations: [
      ...executions.flatMap((execution) => violationsIn(execution).map((what) => `${execution.id}: ${what}`)),
      ...executions.flatMap(({ tasks }) => tasks.flatMap((task) => overpaid(task, ledger))),
      ...(bill.paid > bill.turns + bill.midTurn
        ? ["10: more calls were paid than turns and kills allow"]
        : []),
    ],
  };
};

const violationsIn = ({ stored, item, history, permit, tasks }: ExecutionEvidence): string[] => {
  const { state } = stored;
  const found: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || found.push(what));

  must(state.status !== "RUNNING", "15: it never ended");
  const ends = history.filter(({ type }) => type.startsWith("Execution") && type !== "ExecutionStarted");
  must(ends.length === 1 && history.at(-1) === ends[0], `1: ${ends.length} terminal events`);
  must(
    history.every(({ n }, index) => n === index + 1),
    "2: the history has a gap",
  );
  const { executionId, tenant, createdAt, expiresAt, agent, input, limits } = state;
  const first = initialState({ executionId, tenant, createdAt, expiresAt, agent, input, limits });
  const folded = history.reduce(applyEvent, first);
  must(
    isDeepStrictEqual({ ...folded, checks: state.checks }, state),
    "3: the state is not the fold of its history",
  );
  must(stored.outbox.length === 0, "16: the outbox is not empty");
  must(
    item["nextCheckAt"] === undefined && item["openPk"] === undefined,
    "16: it is still in the open index",
  );

  const spent = tasks.reduce((sum, { record }) => sum + totalTokens(record.usage), 0);
  must(Object.keys(permit.open).length === 0, "4 (protocol): a reservation is open");
  must(
    permit.committedTokens >= spent,
    `10: ${spent} tokens were spent, ${permit.committedTokens} committed`,
  );
  must(permit.committedTokens <= permit.capTokens, "10: more was committed than the cap");
  for (const { state: task, record, turns } of tasks) {
    const name = `task ${task.n}`;
    must(record.status !== "SCHEDULED" || record.claim === undefined, `16: ${name} is still claimed`);
    must(
      turns.every(({ n }, index) => n === index + 1),
      `7: ${name} has a gap in its turns`,
    );
    if (task.via !== undefined) continue;
    const isAlike = task.status !== "SUCCEEDED" || record.status === "SUCCEEDED";
    must(isAlike, `8: ${name} is told as ${task.status}, its record is ${record.status}`);
  }
  return found;
};

/** 10: a turn that was on record was never asked for again, and none was had for nothing. */
const overpaid = ({ turns, conversation, record }: TaskEvidence, ledger: readonly LedgerEntry[]): string[] =>
  turns.flatMap((turn) => {
    const paid = ledger.filter(
      (call) => call.paid && call.conversation === conversation && call.turn === turn.n,
    );
    const later = paid.filter(({ at }) => at > turn.at);
    if (paid.length === 0) return [`10: turn ${turn.n} of ${record.taskId} is in no ledger`];
    return later.length === 0
      ? []
      : [`10: turn ${turn.n} of ${record.taskId} was paid again after it was saved`];
  });

export interface Bill {
  readonly turns: number;
  readonly paid: number;
  /** Killed processes that may each have taken one paid call with them which was not saved yet. */
  readonly midTurn: number;
}

const billOf = (
  executions: readonly ExecutionEvidence[],
  ledger: readonly LedgerEntry[],
  kills: readonly Kill[],
): Bill => {
  const savedAt = new Map<string, number>();
  let turns = 0;
  for (const { tasks } of executions) {
    for (const { turns: saved, conversation } of tasks) {
      turns += saved.length;
      for (const { n, at } of saved) savedAt.set(`${conversation} ${n}`, at);
    }
  }
  const isUnsaved = (call: LedgerEntry, at: number): boolean =>
    call.at <= at && (savedAt.get(`${call.conversation} ${call.turn}`) ?? Number.POSITIVE_INFINITY) >= at;
  let midTurn = 0;
  for (const { at, functions } of kills) {
    for (const agent of new Set(functions)) {
      const killed = functions.filter((name) => name === agent).length;
      const unsaved = ledger.filter((call) => call.agent === agent && isUnsaved(call, at)).length;
      midTurn += Math.min(killed, unsaved);
    }
  }
  return { turns, paid: ledger.filter(({ paid }) => paid).length, midTurn };
};
