import { expect, test } from "vitest";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import type { CoordinatorPorts } from "../../../functions/shared/ports/coordinator-ports.ts";
import { parallel, quorum, signatureOf } from "../../support/given.ts";
import { intercepted, Rig } from "./rig.ts";

/** Ports of a process that dies at its `steps`-th request: `before` it happens, or right `after`. */
const mortal = (rig: Rig, steps: number, moment: "before" | "after"): Partial<CoordinatorPorts> => {
  let taken = 0;
  const step = async <T>(request: () => Promise<T>): Promise<T> => {
    taken += 1;
    if (taken > steps || (taken === steps && moment === "before")) throw died();
    const answer = await request();
    if (taken >= steps) throw died();
    return answer;
  };
  const { store, queues } = rig;
  return {
    store: {
      ...intercepted(store, () => {}),
      get: (key) => step(() => store.get(key)),
      getMany: (keys) => step(() => store.getMany(keys)),
      create: (item) => step(() => store.create(item)),
      update: (key, change) => step(() => store.update(key, change)),
    },
    queues: { sendWork: (agent, work, options) => step(() => queues.sendWork(agent, work, options)) },
  };
};

const died = (): RetryableError => new RetryableError("Internal", "the process died");

/** Later, when whoever died is gone for good: the sweeper's hint. */
const sweepLater = async (rig: Rig): Promise<void> => {
  rig.now += AWS_TIMES.outboxCheckMs;
  await rig.look();
};

const STANDARD = [
  "ExecutionStarted",
  "TaskScheduled 1 coder",
  "HandoffRequested 1 by 1: 2 3",
  "TaskScheduled 2 planner",
  "TaskScheduled 3 critic",
  "TaskSucceeded 2",
  "TaskSucceeded 3",
  "HandoffCompleted 1: succeeded succeeded",
  "TaskResumed 1",
  "TaskSucceeded 1",
  "ExecutionSucceeded 1",
];

const moments = ["before", "after"] as const;
const deaths = Array.from({ length: 16 }, (_, index) => index + 1).flatMap((steps) =>
  moments.map((moment) => ({ steps, moment })),
);

test.each(deaths)(
  "P8, P9: a coordinator that dies $moment request $steps of every run loses nothing and does nothing twice",
  async ({ steps, moment }) => {
    const rig = new Rig();
    await rig.accept();
    const lookAndDie = async (task?: number): Promise<void> => {
      await rig.look(task, mortal(rig, steps, moment));
      await sweepLater(rig);
    };
    await lookAndDie();
    await rig.suspend("coder", 1, [parallel("planner", "critic")]);
    await lookAndDie(1);
    await rig.succeed("planner", 2, "the plan");
    await rig.succeed("critic", 3, "the risks");
    await lookAndDie(3);
    expect(rig.record("coder", 1)).toMatchObject({ status: "SCHEDULED", epoch: 2, attempt: 1 });
    expect(rig.record("coder", 1).answers?.results[0]?.branches).toMatchObject([
      { agent: "planner", answer: { text: "the plan" } },
      { agent: "critic", answer: { text: "the risks" } },
    ]);
    await rig.succeed("coder", 1, "done");
    await lookAndDie(1);
    const { outbox, nextCheckAt } = await rig.stored();
    expect([outbox, nextCheckAt]).toEqual([[], undefined]);
    const history = (await rig.history()).map(signatureOf);
    // Which of two answers is seen first depends on which hint was lost.
    expect(history.toSorted()).toEqual(STANDARD.toSorted());
    expect(history.slice(7)).toEqual(STANDARD.slice(7));
  },
);

test.each(deaths)(
  "P3, P9: a stop that was decided arrives, whoever dies $moment request $steps",
  async ({ steps, moment }) => {
    const rig = new Rig();
    await rig.accept();
    await rig.look();
    await rig.suspend("coder", 1, [quorum(1, "planner", "critic")]);
    await rig.look(1);
    await rig.succeed("planner", 2, "the plan");
    await rig.look(2, mortal(rig, steps, moment));
    await sweepLater(rig);
    expect(rig.permitItem()).toMatchObject({ stops: { 3: { cause: "the quorum of 1 is reached" } } });
    expect(rig.record("coder", 1).answers?.results[0]?.branches).toMatchObject([
      { status: "succeeded" },
      { status: "aborted", error: { name: "Aborted" } },
    ]);
    expect((await rig.stored()).outbox).toEqual([]);
  },
);
