import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { applyEvent } from "../../../functions/coordinator/core/apply-event.ts";
import { answeringTask } from "../../../functions/coordinator/core/state.ts";
import { initialState } from "../../../functions/shared/contracts/execution-state.ts";
import type { OnFailure } from "../../../functions/shared/contracts/handoff.ts";
import { openShard } from "../../../functions/shared/contracts/resources.ts";
import { EXECUTION_ID } from "../../support/given.ts";
import {
  expectedOutcome,
  KIND,
  type Plan,
  type PlannedHandoff,
  type Turn,
  type Weather,
  World,
} from "./world.ts";

// Many small worlds; a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

const HARSH: Weather = {
  doubled: 0.5,
  lost: 0.1,
  coordinatorDies: 0.15,
  coordinatorFreezes: 0.1,
  agentDies: 0.05,
};
/** Every message at least twice, in any order, and nothing worse. */
const TWICE: Weather = { ...KIND, doubled: 1 };

const agent = fc.constantFrom("coder", "planner", "critic");
const passing: fc.Arbitrary<Turn> = fc.constantFrom({ fail: "RateLimited" }, { fail: "ModelUnavailable" });
const last: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b").map((answer) => ({ answer })) },
  { weight: 1, arbitrary: fc.constantFrom("Refused", "BudgetExceeded").map((fail) => ({ fail })) },
);

interface Policies {
  readonly onFailure: fc.Arbitrary<OnFailure>;
  readonly deadline: fc.Arbitrary<{ deadlineSeconds?: number }>;
}

/** Plans whose handoffs nest at most so deep: some tens of tasks. */
const planTree = (policies: Policies, depth: number): fc.Arbitrary<Plan> => {
  if (depth === 0) return last.map((turn) => ({ turns: [turn] }));
  const target = fc.record({ agent, plan: planTree(policies, depth - 1) });
  const handoff = (mode: "parallel" | "transfer", targets: number): fc.Arbitrary<PlannedHandoff> =>
    fc
      .record({
        onFailure: policies.onFailure,
        deadline: policies.deadline,
        to: fc.array(target, { minLength: 1, maxLength: targets }),
      })
      .map(({ onFailure, deadline, to }) => ({ mode, onFailure, ...deadline, to }));
  const fanOut = fc.array(handoff("parallel", 3), { minLength: 1, maxLength: 2 });
  const asking: fc.Arbitrary<Turn> = fc.oneof(
    { weight: 5, arbitrary: fanOut.map((handoffs) => ({ handoffs })) },
    { weight: 1, arbitrary: handoff("transfer", 1).map((only) => ({ handoffs: [only] })) },
  );
  return fc
    .record({ turns: fc.array(fc.oneof(passing, asking), { maxLength: 2 }), end: last })
    .map(({ turns, end }) => ({ turns: [...turns, end] }));
};

const certainPlan = planTree({ onFailure: fc.constant("collect"), deadline: fc.constant({}) }, 2);
const anyPlan = planTree(
  {
    onFailure: fc.oneof(
      fc.constantFrom("collect" as const, "fail-fast" as const),
      fc.integer({ min: 1, max: 3 }).map((quorum) => ({ quorum })),
    ),
    deadline: fc.oneof(
      fc.constant({}),
      fc.integer({ min: 1, max: 20 }).map((deadlineSeconds) => ({ deadlineSeconds })),
    ),
  },
  2,
);
/** A night's run takes more: `SIMULATION_FACTOR=100`. */
const FACTOR = Number(process.env["SIMULATION_FACTOR"] ?? 1);
const seed = fc.integer({ min: 1, max: 1_000_000 });

/** What every execution leaves behind, whatever happened to it. */
const expectAtRest = async ({ rig }: World): Promise<void> => {
  const { state, outbox, nextCheckAt } = await rig.stored();
  expect(state.status).not.toBe("RUNNING");
  expect([outbox, nextCheckAt]).toEqual([[], undefined]);
  expect(await rig.store.due(openShard(EXECUTION_ID), Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  const history = await rig.history();
  expect(history.map(({ n }) => n)).toEqual(history.map((_, index) => index + 1));
  const { executionId, tenant, createdAt, expiresAt, agent: entry, input, limits } = state;
  const accepted = initialState({ executionId, tenant, createdAt, expiresAt, agent: entry, input, limits });
  expect(history.reduce(applyEvent, accepted)).toEqual(state);
};

const expectOutcome = async ({ rig }: World, plan: Plan): Promise<void> => {
  const { state } = await rig.stored();
  const expected = expectedOutcome(plan);
  if ("failure" in expected) {
    expect(state).toMatchObject({ status: "FAILED", failure: { name: expected.failure } });
    return;
  }
  expect(state.status).toBe("SUCCEEDED");
  const entry = state.tasks[0];
  const answering = entry === undefined ? undefined : answeringTask(state, entry);
  expect(state.outputTask).toBe(answering?.n);
  const record = rig.record(answering?.agent ?? "", answering?.n ?? 0);
  expect(record).toMatchObject({ status: "SUCCEEDED", answer: { text: expected.answer } });
};

const simulate = (
  weather: Weather,
  plans: fc.Arbitrary<Plan>,
  numRuns: number,
  check: (world: World, plan: Plan) => Promise<void>,
  options: { stopAfter?: number; deadlineSeconds?: number } = {},
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(seed, plans, async (chance, plan) => {
      const world = new World(chance, weather);
      await world.run(plan, options);
      await expectAtRest(world);
      await check(world, plan);
    }),
    { numRuns: numRuns * FACTOR },
  );

const plainly = async (): Promise<void> => {};

test("with every message doubled and in any order, an execution comes to what its plan says", async () => {
  await simulate(TWICE, certainPlan, 15, expectOutcome);
});

test("with messages lost, coordinators dying or standing still at any request and agents dying after their claim, it still does", async () => {
  await simulate(HARSH, certainPlan, 15, expectOutcome);
});

test("with every join policy and with deadlines, it ends once, and its history replays to its state", async () => {
  await simulate(HARSH, anyPlan, 15, plainly);
});

test("a stop at any moment ends it, and what was stopped is never reported as a failure", async () => {
  for (const stopAfter of [0, 1, 3, 7, 15]) {
    await simulate(
      HARSH,
      certainPlan,
      6,
      async ({ rig }, plan) => {
        const { state } = await rig.stored();
        if (state.status === "ABORTED") {
          expect(state.failure?.message).toBe("enough");
          return;
        }
        const expected = expectedOutcome(plan);
        const failure = "failure" in expected ? expected.failure : undefined;
        expect([state.status, state.failure?.name]).toEqual([
          failure === undefined ? "SUCCEEDED" : "FAILED",
          failure,
        ]);
      },
      { stopAfter },
    );
  }
});

test("an execution whose agents never come to an end is ended by its deadline", async () => {
  const restless: Weather = { ...HARSH, agentDies: 1 };
  await simulate(
    restless,
    certainPlan,
    10,
    async ({ rig }) => {
      expect((await rig.stored()).state.status).toBe("TIMED_OUT");
    },
    { deadlineSeconds: 60 },
  );
});

test("with most messages lost the sweeper brings it to its end", async () => {
  await simulate({ ...KIND, lost: 0.6 }, certainPlan, 5, expectOutcome);
});
