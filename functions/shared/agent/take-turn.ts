import { LIMITS } from "../contracts/limits.ts";
import { turnKey } from "../contracts/resources.ts";
import type { TurnRecord } from "../contracts/task-record.ts";
import { addUsage, totalTokens } from "../contracts/usage.ts";
import type { Value } from "../contracts/value.ts";
import { backoffMs } from "../kernel/backoff.ts";
import { RetryableError, TerminalError } from "../kernel/errors.ts";
import { RetryableModelError, TerminalModelError } from "../kernel/model-call-error.ts";
import type { ModelRequest, ModelTurn } from "../ports/model.ts";
import { askForNotes, type Purpose, purposeOf, restartOf } from "./compaction.ts";
import type { Ending } from "./ending.ts";
import { fenced, stoppedBy } from "./interruption.ts";
import { orUnsure } from "./or-unsure.ts";
import { readTurn, turnOf } from "./saved-turn.ts";
import { parseTurn } from "./stored-task.ts";
import { toValue } from "./stored-value.ts";
import type { TaskRun } from "./task-run.ts";

/**
 * One model turn: reserve, call, save. It is settled with the next reservation, or when the run ends.
 * `waits`: the provider's account is busy, or only reservations of others stand in the way; nothing was
 * called. Throws what ended the attempt, or an Interruption.
 */
export const takeTurn = async (run: TaskRun): Promise<"taken" | Waits> => {
  const n = run.transcript.turnsSaved + 1;
  const purpose = purposeOf(run, run.transcript.messages());
  for (let attempt = 1; ; attempt++) {
    const { tokens } = run.ports.model.estimate(requestOf(run, purpose));
    const seconds = await run.limiter.admit(tokens, run.signal);
    if (seconds > 0) return { kind: "waits", seconds };
    const reserved = await reserve(run, n, attempt, purpose);
    if (reserved === "wait") {
      // L3: it would be counted again with each return, until those who can call find the minute full.
      await run.limiter.giveBack();
      return { kind: "waits", seconds: budgetWaitSeconds(run) };
    }
    const said = await callModel(run, reserved, attempt);
    if (said !== "again") {
      await saveTurn(run, n, said, purpose);
      return "taken";
    }
  }
};

type Waits = Extract<Ending, { readonly kind: "waits" }>;

/** Apart, so that those who wait for the same reservations do not all come back at once. */
const budgetWaitSeconds = ({ ports }: TaskRun): number => {
  const { budgetWaitSeconds } = ports.times;
  return budgetWaitSeconds + Math.floor((ports.random.fraction() * budgetWaitSeconds) / 2);
};

/** The request that money was reserved for. */
const reserve = async (
  run: TaskRun,
  n: number,
  attempt: number,
  purpose: Purpose,
): Promise<ModelRequest | "wait"> => {
  for (;;) {
    run.signal.throwIfAborted();
    const request = requestOf(run, purpose);
    const isTold = run.notice !== undefined || purpose === "notes" || !run.transcript.canBeTold;
    const reserved = await run.permit.reserve(n, attempt, run.ports.model.estimate(request), isTold);
    switch (reserved.kind) {
      case "stopped":
        throw stoppedBy(reserved.cause);
      case "fenced":
        throw fenced();
      case "exceeded":
        throw new TerminalError("BudgetExceeded", reserved.message);
      case "scarce":
        // Told once: `isTold` holds from now on, so that this goes round twice at most.
        run.notice = reserved.notice;
        break;
      case "wait":
        return "wait";
      case "reserved":
        return request;
    }
  }
};

const requestOf = ({ snapshot, transcript, notice, spec }: TaskRun, purpose: Purpose): ModelRequest => {
  const messages = transcript.messages(notice);
  return {
    system: snapshot.system,
    tools: snapshot.tools,
    messages: purpose === "notes" ? askForNotes(messages) : messages,
    maxTokens: spec.model.maxTokens ?? LIMITS.outputTokensDefault,
    // Notes are no answer.
    ...(purpose === "notes" || snapshot.answerSchema === undefined
      ? {}
      : { answerSchema: snapshot.answerSchema }),
  };
};

/** A short disturbance is sat out here; a longer one ends the attempt, and the coordinator schedules the next. */
const callModel = async (
  run: TaskRun,
  request: ModelRequest,
  attempt: number,
): Promise<ModelTurn | "again"> => {
  const { model, clock, random, log } = run.ports;
  try {
    const said = await model.call(request, run.signal);
    run.permit.spent(said.usage);
    await run.limiter.settle(totalTokens(said.usage));
    return said;
  } catch (error) {
    const isModelError = error instanceof RetryableModelError || error instanceof TerminalModelError;
    run.permit.spent(isModelError ? error.used : "presumed");
    if (isModelError) run.unsavedUsage = addUsage(run.unsavedUsage, error.used);
    if (isModelError) await run.limiter.settle(totalTokens(error.used));
    if (isRateLimited(error)) await run.limiter.hold(error.retryAfterSeconds);
    run.signal.throwIfAborted();
    const waitMs = quickRetryMs(error, attempt, random.fraction());
    if (waitMs === undefined) throw error;
    log.warn("model call failed, trying again", { taskId: run.taskId, attempt, waitMs });
    await clock.sleep(waitMs, run.signal);
    return "again";
  }
};

const isRateLimited = (error: unknown): error is RetryableModelError & { retryAfterSeconds: number } =>
  error instanceof RetryableModelError &&
  error.failureName === "RateLimited" &&
  error.retryAfterSeconds !== undefined;

const quickRetryMs = (error: unknown, attempt: number, fraction: number): number | undefined => {
  if (!(error instanceof RetryableModelError) || attempt > LIMITS.modelRetriesMax) return undefined;
  const askedMs = error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000;
  if (askedMs !== undefined) return askedMs <= LIMITS.modelRetryWaitMsMax ? askedMs : undefined;
  return backoffMs(attempt, { baseMs: 1_000, maxMs: LIMITS.modelRetryWaitMsMax }, fraction);
};

/** P6: create-only. Who loses the race has paid for nothing, and goes on with what is stored. */
const saveTurn = async (run: TaskRun, n: number, said: ModelTurn, purpose: Purpose): Promise<void> => {
  const { store, blobs } = run.ports;
  const { agent, expiresAt } = run.held.task.record;
  const key = turnKey(agent, run.taskId, n);
  const message = JSON.stringify(said.content);
  const restart = purpose === "notes" ? restartOf(said) : undefined;
  const record = {
    ...(await turnRecord(run, n, said, message)),
    ...(purpose === "notes" ? { notes: await packNotes(run, restart) } : {}),
  };
  for (let tries = 1; tries <= LIMITS.commitTriesMax; tries++) {
    const written = await orUnsure(store.create({ ...key, ...record, expiresAt }));
    const stored = written === "applied" ? record : await store.get(key);
    if (stored === undefined) continue;
    const turn = parseTurn({ ...key, ...stored });
    if (turn.epoch > run.held.epoch) throw fenced();
    if (turn.epoch < run.held.epoch) run.unsavedUsage = addUsage(run.unsavedUsage, said.usage);
    const isOwn = turn.epoch === run.held.epoch;
    run.transcript.addTurn(
      ...(isOwn ? ([turnOf(turn, message, restart), run.given] as const) : await adopt(turn, run)),
    );
    run.given = [];
    run.notice = undefined;
    return;
  }
  throw new RetryableError("Internal", `turn ${n} could not be saved`);

  async function adopt(turn: TurnRecord, { ports }: TaskRun) {
    ports.log.warn("another owner saved this turn first", { taskId: run.taskId, turn: turn.n });
    if (turn.n === 1) await run.adoptSnapshot(turn);
    const adopted = await readTurn(turn, blobs);
    return [adopted.turn, adopted.given] as const;
  }
};

const packNotes = async (run: TaskRun, restart: string | undefined): Promise<TurnRecord["notes"]> => {
  if (restart === undefined) return {};
  const { executionId } = run.held.task.record;
  const inlineBytesMax = LIMITS.turnInlineBytesMax;
  return { restart: await toValue(run.ports.blobs, executionId, restart, { inlineBytesMax }) };
};

const turnRecord = async (run: TaskRun, n: number, said: ModelTurn, message: string): Promise<TurnRecord> => {
  const { executionId } = run.held.task.record;
  const pack = (text: string): Promise<Value> =>
    toValue(run.ports.blobs, executionId, text, { inlineBytesMax: LIMITS.turnInlineBytesMax });
  const [packedMessage, given, snapshot] = await Promise.all([
    pack(message),
    run.given.length === 0 ? undefined : pack(JSON.stringify(run.given)),
    n > 1 ? undefined : pack(JSON.stringify(run.snapshot)),
  ]);
  return {
    n,
    attempt: run.held.task.record.attempt,
    epoch: run.held.epoch,
    at: run.ports.clock.now(),
    message: packedMessage,
    stopReason: said.stopReason,
    model: said.model,
    requestId: said.requestId,
    usage: said.usage,
    ...(given === undefined ? {} : { given }),
    ...(run.notice === undefined ? {} : { notice: run.notice }),
    ...(snapshot === undefined ? {} : { snapshot }),
  };
};
