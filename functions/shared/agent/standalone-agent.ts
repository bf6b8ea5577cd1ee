import type { TaskId } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import { NO_USAGE } from "../contracts/usage.ts";
import { discreetErrorFields } from "../kernel/error-fields.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Delivery, Verdict } from "../ports/queues.ts";
import type { ToolServers } from "../ports/tool-servers.ts";
import type { AgentPorts, Invocation } from "./agent-ports.ts";
import type { AgentSpec } from "./agent-spec.ts";
import { repairAnswer } from "./answer-schema.ts";
import { callsForOthers } from "./calls-for-others.ts";
import { claimTask, type Held } from "./claim.ts";
import { type Concluding, conclude, tell } from "./conclude.ts";
import { crashLoop, type Ending, endingOf } from "./ending.ts";
import { markOf } from "./handoff-trail.ts";
import { Heartbeat } from "./heartbeat.ts";
import { fenced } from "./interruption.ts";
import { judgeTurn } from "./judge-turn.ts";
import { checkProgress } from "./no-progress.ts";
import { openRun } from "./open-run.ts";
import { TaskPermit } from "./permit.ts";
import { readWork } from "./read-work.ts";
import { checkKnowsItsTools } from "./repetition.ts";
import { runToolCalls } from "./run-tool-calls.ts";
import { checkpointLost } from "./saved-turn.ts";
import { parseTurn, readTask, type StoredTask } from "./stored-task.ts";
import { takeTurn } from "./take-turn.ts";
import type { TaskRun } from "./task-run.ts";

/**
 * One agent, standing alone: its own name, role and configuration, its own model connection, its
 * own tools, its own context; nothing of it is shared with another agent.
 *
 * A1. One message in: claim the task, take turns until it ends, suspends, or time is short.
 * A2. What is done is stored before anybody is told, and told before the message is acknowledged (P8).
 * A3. Killed anywhere, a successor goes on from what is stored: no saved turn is paid again, no
 *     finished call repeated (P6).
 * A4. No model call without a reservation (P3-P5).
 * A5. `handle` never throws: whatever happens has a verdict on the message.
 */
export class StandaloneAgent {
  readonly name: string;
  readonly role: string;
  readonly #spec: AgentSpec;
  readonly #ports: AgentPorts;

  constructor(spec: AgentSpec, ports: AgentPorts) {
    this.name = spec.name;
    this.role = spec.role;
    this.#spec = spec;
    this.#ports = ports;
  }

  async handle(delivery: Delivery, invocation: Invocation): Promise<Verdict> {
    const { log, times } = this.#ports;
    try {
      const work = readWork(delivery.body);
      if (work.kind === "work") return await this.#handleTask(work.taskId, delivery, invocation);
      log.error("message not understood", { code: work.code, messageId: delivery.messageId });
      // What is no JSON goes to the dead-letter queue for an operator; a newer version is not this one's business.
      return work.code === "NOT_JSON" ? { returnAfterSeconds: 0 } : "done";
    } catch (error) {
      // A port is away, or this is a bug before anything was claimed: the lease, if any, runs out by itself (P7).
      log.error("delivery failed", { messageId: delivery.messageId, ...discreetErrorFields(error) });
      return { returnAfterSeconds: Math.ceil((times.leaseMs + times.stealMarginMs) / 1000) };
    }
  }

  async #handleTask(taskId: TaskId, delivery: Delivery, invocation: Invocation): Promise<Verdict> {
    const claimed = await claimTask(this.#ports, this.name, taskId, delivery);
    switch (claimed.kind) {
      case "leave":
        return claimed.verdict;
      case "told":
        return this.#tellAgain(claimed.task);
      case "held":
        return this.#workOn(claimed.held, delivery, invocation);
    }
  }

  /** P8: the one before us may have died between storing and telling, or between storing and settling. */
  async #tellAgain(task: StoredTask): Promise<Verdict> {
    await tell(this.#ports, task.record);
    const permit = this.#permitOf(task, { epoch: task.record.epoch, isTakeover: false });
    await permit.settleLeftover(await permit.read());
    return "done";
  }

  async #workOn(held: Held, delivery: Delivery, invocation: Invocation): Promise<Verdict> {
    const ports = this.#ports;
    const permit = this.#permitOf(held.task, held);
    const heartbeat = new Heartbeat(ports, held, delivery, permit);
    const { receiveCount } = delivery;
    let run: Concluding = {
      ports,
      held,
      permit,
      receiveCount,
      unsavedUsage: NO_USAGE,
      transcript: { saved: [] },
    };
    let servers: ToolServers | undefined;
    const work = async (): Promise<Ending> => {
      if (held.isCrashLoop) throw crashLoop();
      if (this.#spec.mcp.length > 0) servers = await ports.openToolServers?.();
      const opened = await openRun({
        spec: this.#spec,
        ports,
        held: held.isTakeover ? await this.#readBehindFence(held, permit) : held,
        permit,
        heartbeat,
        invocation,
        receiveCount,
        servers,
      });
      run = opened;
      return this.#work(opened);
    };
    try {
      const ending = await work().catch((error: unknown) => this.#endingOf(error, held, heartbeat.signal));
      return await conclude(run, ending);
    } finally {
      await Promise.all([heartbeat.stop(), servers?.close()]);
    }
  }

  /**
   * P5: a predecessor that wakes up may have taken turns since the task was read, and would go on.
   * Once the purse is fenced it cannot; what is stored then is all there is, but for the one call
   * that may be under way.
   */
  async #readBehindFence(held: Held, permit: TaskPermit): Promise<Held> {
    if (!(await permit.fence())) throw fenced();
    const task = await readTask(this.#ports.store, this.name, held.task.record.taskId);
    if (task === "absent" || task === "unreadable") throw checkpointLost("the task's record is gone");
    return { ...held, task: { ...task, record: held.task.record } };
  }

  #permitOf(task: StoredTask, { epoch, isTakeover }: Pick<Held, "epoch" | "isTakeover">): TaskPermit {
    const { taskId, request } = task.record;
    return new TaskPermit({
      store: this.#ports.store,
      clock: this.#ports.clock,
      taskId,
      epoch,
      isTakeover,
      turns: () => task.turnItems.map(parseTurn),
      caps: { execution: request.limits, agent: this.name, own: this.#spec.limits },
    });
  }

  #endingOf(error: unknown, held: Held, signal: AbortSignal): Ending {
    // Whatever was thrown while the work was being aborted, the reason for that is what counts.
    const ending = endingOf(signal.aborted ? signal.reason : error);
    if (ending === undefined) throw error;
    // What has no other name than this says to the record's readers that the log has the details.
    const isInternal = ending.kind === "failed" && ending.failure.name === "Internal";
    const { taskId } = held.task.record;
    this.#ports.log.warn("attempt ended", {
      taskId,
      code: nameOf(error),
      ...(isInternal ? discreetErrorFields(error) : {}),
    });
    return ending;
  }

  /** Acts on the last turn and takes the next, until a turn brings an ending. */
  async #work(run: TaskRun): Promise<Ending> {
    for (let turnsTaken = 0; ; turnsTaken++) {
      const ending = await act(run);
      if (ending !== undefined) return ending;
      if (isShortOfTime(run, turnsTaken)) return { kind: "outOfTime" };
      const turnsMax = run.spec.limits.turns ?? LIMITS.turnsPerTaskMax;
      if (run.transcript.turnsSaved >= turnsMax) {
        throw new TerminalError(
          "TooManyTurns",
          `the task has not ended after ${turnsMax} turns; make it smaller`,
        );
      }
      const taken = await takeTurn(run);
      if (taken !== "taken") return taken;
    }
  }
}

/** Carries out what the last turn asks for. `undefined`: the model is to be asked again. */
const act = async (run: TaskRun): Promise<Ending | undefined> => {
  const turn = run.transcript.last;
  if (turn === undefined) return undefined;
  const judged = judgeTurn(turn);
  switch (judged.kind) {
    case "failure":
      throw new TerminalError(judged.name, judged.message);
    case "goOn":
      return undefined;
    case "answer":
      return (await repairAnswer(run, turn, judged.text)) === "fits"
        ? { kind: "answered", text: judged.text }
        : undefined;
    case "calls": {
      if ((await runToolCalls(run, turn)) === "outOfTime") return { kind: "outOfTime" };
      const calls = await callsForOthers(run, turn);
      if (calls.length > 0) return { kind: "suspended", turn: turn.record.n, calls, trail: trailOf(run) };
      checkKnowsItsTools(run.transcript.turns, run.tools);
      checkProgress(run.transcript, turn);
      return undefined;
    }
  }
};

/** What those whom this task asks know of what was asked before. */
const trailOf = ({ spec, request, held }: TaskRun): readonly string[] => [
  ...(held.task.record.request.trail ?? []),
  markOf(spec.name, request.task),
];

/**
 * A model call may take as long as it is allowed to. The first of an invocation is made whenever
 * there is time to wrap up: otherwise a function with a short timeout would hand the task on for ever.
 */
const isShortOfTime = ({ invocation }: TaskRun, turnsTaken: number): boolean =>
  invocation.remainingMs() < LIMITS.wrapUpMs + (turnsTaken === 0 ? 0 : LIMITS.modelCallMsMax);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
