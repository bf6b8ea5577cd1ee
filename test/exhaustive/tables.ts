import type { Fact } from "../../functions/coordinator/core/fact.ts";
import { factOf } from "../../functions/coordinator/facts.ts";
import type { Command } from "../../functions/shared/contracts/command.ts";
import type { ExecutionState } from "../../functions/shared/contracts/execution-state.ts";
import type { Item } from "../../functions/shared/contracts/item.ts";
import { TaskRecord } from "../../functions/shared/contracts/task-record.ts";
import { Interner } from "./interner.ts";
import type { KeptCommand, KeptRecord } from "./kept.ts";
import type { Protocol } from "./protocol.ts";
import type { Scenario } from "./scenario.ts";
import { ABSENT, CODES } from "./world.ts";

/** What the numbers of a world mean, and what is searched. */
export class Tables {
  readonly scenario: Scenario;
  readonly protocol: Protocol;
  readonly states = new Interner<ExecutionState>();
  readonly facts = new Interner<Fact>();
  readonly records = new Interner<KeptRecord>();
  readonly commands = new Interner<KeptCommand>();

  constructor(scenario: Scenario, protocol: Protocol) {
    this.scenario = scenario;
    this.protocol = protocol;
  }

  /** The record after a write, with the facts of the one before (an id, or ABSENT). */
  keep(item: Item, before: number): number {
    const record = TaskRecord.parse(item);
    const known = before === ABSENT ? [] : this.records.valueOf(before).facts;
    const now = record.status === "SCHEDULED" ? [] : [this.facts.idOf(factOfRecord(record))];
    const facts = [...new Set([...known, ...now])];
    const plain = { ...withoutPlace(record), facts: facts.map((id) => withoutTask(this.facts.valueOf(id))) };
    return this.records.idOf(
      { item: { pk: item.pk, sk: item.sk, ...record }, facts, code: CODES.idOf(plain).toString(36) },
      JSON.stringify([record, facts]),
    );
  }

  commandId(command: Command): number {
    const task = "task" in command ? command.task : undefined;
    const stops = "tasks" in command ? command.tasks : undefined;
    const { tasks: _tasks, ...plain } = { tasks: undefined, ...command, task: undefined };
    const code = CODES.idOf(plain).toString(36);
    return this.commands.idOf({ command, task, stops, code }, JSON.stringify(command));
  }
}

const factOfRecord = (record: TaskRecord): Fact => factOf(taskLike(record), record);

/** `factOf` wants to know of a task no more than its number and attempt. */
const taskLike = ({ taskId, attempt }: TaskRecord): Parameters<typeof factOf>[0] =>
  ({ n: Number(taskId.split(".")[1]), attempt }) as Parameters<typeof factOf>[0];

/** Epochs and versions only ever have to differ; how high they are makes no difference. */
const withoutPlace = (record: TaskRecord): object => {
  const { status, attempt, crashes, progress, answers, suspension } = record;
  const failure = record.status === "FAILED" ? record.failure : undefined;
  const isClaimed = record.status === "SCHEDULED" && record.claim !== undefined;
  return { status, attempt, crashes, progress, failure, isClaimed, k: suspension?.k, answers: answers?.k };
};

const withoutTask = (fact: Fact): object => {
  const {
    suspension,
    preview: _p,
    ...rest
  } = {
    suspension: undefined,
    preview: undefined,
    ...fact,
    task: undefined,
  };
  return { ...rest, k: suspension?.k };
};
