import type { Failure } from "../shared/contracts/failure.ts";
import type { ExecutionId } from "../shared/contracts/ids.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import type { Hint } from "../shared/contracts/messages.ts";
import { backoffMs } from "../shared/kernel/backoff.ts";
import { errorFields } from "../shared/kernel/error-fields.ts";
import { RetryableError } from "../shared/kernel/errors.ts";
import type { CoordinatorPorts, Reconciler } from "../shared/ports/coordinator-ports.ts";
import type { Verdict } from "../shared/ports/queues.ts";
import { commit, correctCheck } from "./commit.ts";
import { decide } from "./core/decide.ts";
import type { Context } from "./core/draft.ts";
import { isTerminal } from "./core/state.ts";
import { drainOutbox } from "./drain-outbox.ts";
import { logEvents } from "./event-lines.ts";
import { countThrow, failExecution } from "./fail-execution.ts";
import { type HintedExecution, readHints } from "./hints.ts";
import { look, type Sight } from "./look.ts";

/** Two handlers that met over one execution come back apart, but soon. */
const CONFLICT_BACKOFF = { baseMs: 20, maxMs: 500 };
const FAULT_BACKOFF = { baseMs: 2_000, maxMs: 60_000 };
/** Looks in one handler run over an execution whose outbox had no room for all that follows. */
const WAVES_MAX = 10;

const UNREADABLE: Failure = {
  name: "StateUnreadable",
  message: "what is stored of this execution cannot be read by this version; the coordinator's log says why",
};

/**
 * The coordinator's shell: for each execution hinted at, look -> decide -> commit -> drain. The
 * executions of a batch do not touch each other, and one that throws fails only its own messages.
 */
export const createReconciler =
  (ports: CoordinatorPorts): Reconciler =>
  async (deliveries) => {
    const { executions, verdicts } = readHints(deliveries, ports.log);
    await Promise.all(
      [...executions].map(async ([executionId, hinted]) => {
        const verdict = await reconcileOrReport(ports, executionId, hinted);
        for (const { messageId } of hinted.deliveries) verdicts.set(messageId, verdict);
      }),
    );
    return verdicts;
  };

const reconcileOrReport = async (
  ports: CoordinatorPorts,
  executionId: ExecutionId,
  hinted: HintedExecution,
): Promise<Verdict> => {
  try {
    return await reconcile(ports, executionId, hinted.hints);
  } catch (error) {
    const receiveCount = Math.max(...hinted.deliveries.map((delivery) => delivery.receiveCount));
    if (await isPoison(ports, executionId, error)) return "done";
    const ms = backoffMs(receiveCount, FAULT_BACKOFF, ports.random.fraction());
    return { returnAfterSeconds: 1 + Math.floor(ms / 1000) };
  }
};

/** P16: a store or queue that cannot be reached passes; what throws for any other reason, three times, is ours. */
const isPoison = async (
  ports: CoordinatorPorts,
  executionId: ExecutionId,
  error: unknown,
): Promise<boolean> => {
  ports.log.error("look failed", { code: "LOOK_FAILED", executionId, ...errorFields(error) });
  if (error instanceof RetryableError) return false;
  try {
    if (!(await countThrow(ports, executionId))) return false;
    const message = `the coordinator failed ${LIMITS.handlerThrowsMax} times in a row; its log has the details`;
    await failExecution(ports, executionId, { name: "Internal", message });
    return true;
  } catch (again) {
    ports.log.error("throw was not counted", { executionId, ...errorFields(again) });
    return false;
  }
};

const reconcile = async (
  ports: CoordinatorPorts,
  executionId: ExecutionId,
  hints: readonly Hint[],
): Promise<Verdict> => {
  for (let wave = 1; wave <= WAVES_MAX; wave++) {
    const outcome = await lookUntilCommitted(ports, executionId, hints);
    if (outcome !== "postponed") return outcome;
  }
  // P11: `nextCheckAt` is now; the sweeper goes on.
  return "done";
};

const lookUntilCommitted = async (
  ports: CoordinatorPorts,
  executionId: ExecutionId,
  hints: readonly Hint[],
): Promise<Verdict | "postponed"> => {
  const { store, clock, log } = ports;
  let isOursInDoubt = false;
  for (let tries = 1; tries <= LIMITS.commitTriesMax; tries++) {
    if (tries > 1) await clock.sleep(backoffMs(tries, CONFLICT_BACKOFF, ports.random.fraction()));
    const seen = await look(store, executionId, hints, clock.now());
    switch (seen.kind) {
      case "orphan":
        log.warn("hint for an unknown execution", { code: "ORPHAN_HINT", executionId });
        return "done";
      case "unreadable":
        log.error("state is not readable", { code: "STATE_UNREADABLE", executionId, reason: seen.reason });
        await failExecution(ports, executionId, UNREADABLE);
        return "done";
      case "seen": {
        const outcome = await act(ports, seen, hints, isOursInDoubt);
        if (outcome !== "conflict") return outcome;
        isOursInDoubt = true;
      }
    }
  }
  log.warn("too many conflicts", { code: "CONFLICT", executionId });
  return { returnAfterSeconds: 1 };
};

/** One decision committed and drained; `conflict` when the commit was refused, or seemed so. */
const act = async (
  ports: CoordinatorPorts,
  { stored, facts, records }: Sight,
  hints: readonly Hint[],
  isOursInDoubt: boolean,
): Promise<Verdict | "postponed" | "conflict"> => {
  const { store, clock, log, agents, times } = ports;
  const { executionId } = stored.state;
  const context: Context = {
    now: clock.now(),
    agents,
    times,
    outboxRoom: Math.max(0, LIMITS.outboxMax - stored.outbox.length),
  };
  if (isTerminal(stored.state) && hints.some(({ task }) => task !== undefined)) {
    log.info("report after the end", { code: "LATE_REPORT", executionId });
  }
  const decision = decide(stored.state, facts, context);
  let now = stored;
  if (decision.state === stored.state) {
    await correctCheck(store, stored, decision, context);
  } else {
    const committed = await commit(ports, stored, decision, context);
    if (committed === undefined) return "conflict";
    now = committed;
    log.info("decided", {
      executionId,
      version: now.version,
      status: now.state.status,
      events: decision.events.length,
      commands: decision.commands.length,
    });
    logEvents(log, stored.state, now.events);
  }

  // P9: the committer drains its own; what another committed a moment ago is that one's to drain.
  const ours = now.outbox.filter(
    ({ at, id }) =>
      !stored.outbox.some((entry) => entry.id === id) ||
      isOursInDoubt ||
      // Of the future: whoever committed it had a wrong clock, and may be gone like any other.
      Math.abs(context.now - at) >= times.outboxAgeMs,
  );
  await drainOutbox(ports, { stored: now, records }, ours);
  if (ours.length < now.outbox.length) return { returnAfterSeconds: Math.ceil(times.outboxAgeMs / 1000) };
  return decision.postponed ? "postponed" : "done";
};
