import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { applyEvent } from "../../../../functions/coordinator/core/apply-event.ts";
import { decide } from "../../../../functions/coordinator/core/decide.ts";
import type { Context, Decision } from "../../../../functions/coordinator/core/draft.ts";
import type { Fact } from "../../../../functions/coordinator/core/fact.ts";
import { flawOf } from "../../../../functions/coordinator/core/invariants.ts";
import { latestHandoffs } from "../../../../functions/coordinator/core/state.ts";
import { ExecutionState } from "../../../../functions/shared/contracts/execution-state.ts";
import type { HandoffCall, OnFailure } from "../../../../functions/shared/contracts/handoff.ts";
import { HistoryEvent } from "../../../../functions/shared/contracts/history-event.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import {
  AGENTS,
  acceptedState,
  clockTicked,
  failed,
  handoff,
  open,
  START,
  single,
  started,
  stopRequested,
  succeeded,
  suspended,
  unreadable,
} from "../../../support/given.ts";

// Many small worlds; a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

interface LookAt {
  readonly facts: readonly Fact[];
  readonly waitMs: number;
  readonly outboxRoom: number;
}

const agent = fc.constantFrom("coder", "planner", "critic", "nobody");
const onFailure: fc.Arbitrary<OnFailure> = fc.oneof(
  fc.constantFrom("collect" as const, "fail-fast" as const),
  fc.integer({ min: 1, max: 4 }).map((quorum) => ({ quorum })),
);
const call: fc.Arbitrary<HandoffCall> = fc
  .record({
    mode: fc.constantFrom("single" as const, "parallel" as const, "transfer" as const),
    agents: fc.array(agent, { minLength: 1, maxLength: 3 }),
    onFailure,
    deadlineSeconds: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
  })
  .map(({ mode, agents, onFailure, deadlineSeconds }) =>
    handoff(mode, agents, { onFailure, ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }) }),
  );

const aboutTask = (task: number, attempt: number): fc.Arbitrary<Fact> =>
  fc.oneof(
    fc.constant(succeeded(task, { attempt })),
    fc
      .constantFrom("RateLimited", "Internal", "Refused", "BudgetExceeded", "Aborted")
      .map((name) => failed(task, name, { attempt })),
    fc
      .record({ calls: fc.array(call, { minLength: 1, maxLength: 3 }), k: fc.integer({ min: 1, max: 4 }) })
      .map(({ calls, k }) => suspended(task, calls, { k, attempt })),
    fc.integer({ min: -100_000, max: 100_000 }).map((ms) => open(task, START + 50_000 + ms, attempt)),
    fc.constant(open(task, undefined, attempt)),
    fc.constant(unreadable(task)),
  );

/** One look: of each task at most one record can be seen. */
const lookAt: fc.Arbitrary<LookAt> = fc
  .record({
    tasks: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
    attempts: fc.array(fc.constantFrom(1, 1, 1, 2, 3), { minLength: 4, maxLength: 4 }),
    others: fc.uniqueArray(fc.constantFrom(started(), clockTicked(), stopRequested()), { maxLength: 2 }),
    isStopRare: fc.integer({ min: 0, max: 9 }),
    waitMs: fc.constantFrom(0, 0, 1_000, 30_000, 100_000, 1_000_000),
    outboxRoom: fc.constantFrom(0, 1, 2, LIMITS.outboxMax, LIMITS.outboxMax, LIMITS.outboxMax),
  })
  .chain(({ tasks, attempts, others, isStopRare, waitMs, outboxRoom }) =>
    fc.tuple(...tasks.map((task, index) => aboutTask(task, attempts[index] ?? 1))).map((facts) => ({
      facts: [...facts, ...others.filter(({ type }) => type !== "StopRequested" || isStopRare === 0)],
      waitMs,
      outboxRoom,
    })),
  );

const looks = fc.array(lookAt, { minLength: 1, maxLength: 25 });

const contextAt = (now: number, outboxRoom: number = LIMITS.outboxMax): Context => ({
  now,
  agents: AGENTS,
  times: AWS_TIMES,
  outboxRoom,
});

/** Runs the looks and calls `each` with every step. */
const run = (
  sequence: readonly LookAt[],
  each: (before: ExecutionState, look: LookAt, decision: Decision, context: Context) => void,
): { state: ExecutionState; history: HistoryEvent[]; now: number } => {
  let state = decide(acceptedState({ events: 300 }), [], contextAt(START)).state;
  const history: HistoryEvent[] = [];
  let now = START;
  for (const look of [{ facts: [started()], waitMs: 0, outboxRoom: 100 }, ...sequence]) {
    now += look.waitMs;
    const context = contextAt(now, look.outboxRoom);
    const decision = decide(state, look.facts, context);
    each(state, look, decision, context);
    history.push(...decision.events);
    state = decision.state;
  }
  return { state, history, now };
};

test("no sequence of facts breaks an invariant, and what is decided parses", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      run(sequence, (_before, _look, { state, events }) => {
        expect(flawOf(state)).toBeUndefined();
        expect(ExecutionState.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
        for (const event of events) expect(HistoryEvent.safeParse(event).success).toBe(true);
      });
    }),
    { numRuns: 150 },
  );
});

test("I3: replaying the history from the accepted execution gives the stored state", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      const { state, history } = run(sequence, () => {});
      const replayed = history.reduce(applyEvent, acceptedState({ events: 300 }));
      expect({ ...replayed, checks: state.checks }).toEqual(state);
    }),
    { numRuns: 100 },
  );
});

test("the order of the facts of a look changes nothing", () => {
  fc.assert(
    fc.property(looks, fc.infiniteStream(fc.integer()), (sequence, chance) => {
      run(sequence, (before, look, decision, context) => {
        const shuffled = look.facts
          .map((fact) => ({ fact, at: chance.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ fact }) => fact);
        expect(decide(before, shuffled, context)).toEqual(decision);
      });
    }),
    { numRuns: 100 },
  );
});

/**
 * What is seen was scheduled before it was seen, and a task that waits for its handoffs has said nothing since: the
 * same look may resume it, and would find in the same fact what nobody can have said before.
 */
const couldBeSeen = ({ tasks }: ExecutionState, fact: Fact & { readonly task: number }): boolean => {
  const task = tasks[fact.task - 1];
  if (task?.status !== "SUSPENDED") return task !== undefined;
  return fact.type === "TaskSeenSuspended" && fact.suspension.k === task.suspensions;
};

/** Found by chance: the clock gives task 1 back to its agent in the very look that cannot read its record. */
const RESUMED_BY_THE_CLOCK: readonly LookAt[] = [
  { facts: [suspended(1, [single("coder", { deadlineSeconds: 1 })])], waitMs: 0, outboxRoom: 100 },
  { facts: [unreadable(1), clockTicked()], waitMs: 1_000, outboxRoom: 100 },
];

test("the same facts again change nothing", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      run(sequence, (before, look, { state, postponed }, context) => {
        if (postponed) return;
        const possible = look.facts.filter((fact) => !("task" in fact) || couldBeSeen(before, fact));
        const again = decide(state, possible, context);
        expect(again.events).toEqual([]);
        expect(again.commands).toEqual([]);
        expect(again.state).toBe(state);
      });
    }),
    { numRuns: 100, examples: [[[...RESUMED_BY_THE_CLOCK]]] },
  );
});

test("old facts, late and in any order, never undo what was decided since", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      const seen: Fact[] = [];
      run(sequence, (before, look, { state, postponed }, context) => {
        seen.push(...look.facts.filter((fact) => "task" in fact && before.tasks[fact.task - 1]));
        if (postponed) return;
        const ended = state.tasks.filter((task) => task.endedAt !== undefined);
        const after = decide(state, seen.toReversed(), context).state;
        for (const task of ended) expect(after.tasks[task.n - 1]).toEqual(task);
      });
    }),
    { numRuns: 100 },
  );
});

test("from wherever it got, an execution ends once its agents answer", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      const reached = run(sequence, () => {});
      let { state } = reached;
      for (let round = 0; round < 50 && state.status === "RUNNING"; round++) {
        const answers = state.tasks
          .filter(({ status }) => status === "SCHEDULED")
          .map((task) => succeeded(task.n, { attempt: task.attempt }));
        const rest = state.tasks.flatMap((task) => unrequested(sequence, state, task.n));
        state = decide(state, [...answers, ...rest], contextAt(reached.now)).state;
      }
      expect(state.status).not.toBe("RUNNING");
    }),
    { numRuns: 100 },
  );
});

/** The record of a task whose suspension was only partly carried out still says what it said. */
const unrequested = (sequence: readonly LookAt[], state: ExecutionState, n: number): Fact[] => {
  const task = state.tasks[n - 1];
  if (task?.status !== "SUSPENDED") return [];
  const [begun] = latestHandoffs(state, task);
  const said = sequence
    .flatMap(({ facts }) => facts)
    .findLast(
      (fact) =>
        fact.type === "TaskSeenSuspended" &&
        fact.task === n &&
        fact.attempt === task.attempt &&
        fact.suspension.k === task.suspensions &&
        // Looks that contradict each other may name one suspension; what was begun tells which it was.
        fact.suspension.calls.length === (begun?.calls ?? 1),
    );
  return said === undefined ? [] : [said];
};

test("the deadline ends whatever is still running", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      const { state } = run(sequence, () => {});
      const { state: late } = decide(state, [clockTicked()], contextAt(state.deadlineAt));
      expect(late.status).not.toBe("RUNNING");
    }),
    { numRuns: 100 },
  );
});

test("decide is total: a state that was edited by hand makes it neither throw nor loop", () => {
  const state = run(
    [{ facts: [suspended(1, [handoff("parallel", ["planner", "critic"])])], waitMs: 0, outboxRoom: 9 }],
    () => {},
  ).state;
  const odd = fc.record({
    tasks: fc.subarray(state.tasks).chain((tasks) => fc.constant([...tasks].reverse())),
    handoffs: fc.constantFrom([], state.handoffs, [...state.handoffs, ...state.handoffs]),
    requester: fc.integer({ min: 1, max: 9 }),
    branches: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    via: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(odd, looks, ({ tasks, handoffs, requester, branches, via }, sequence) => {
      let edited: ExecutionState = {
        ...state,
        tasks: tasks.map((task) => ({ ...task, via })),
        handoffs: handoffs.map((each) => ({ ...each, requester, branches })),
      };
      let now = START;
      for (const look of sequence) {
        now += look.waitMs;
        edited = decide(edited, look.facts, contextAt(now, look.outboxRoom)).state;
      }
    }),
    { numRuns: 150 },
  );
});
