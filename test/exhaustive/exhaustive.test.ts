import { describe, expect, test } from "vitest";
import { carryOut } from "../../functions/coordinator/carry-out.ts";
import { decide } from "../../functions/coordinator/core/decide.ts";
import { claimTask } from "../../functions/shared/agent/claim.ts";
import { conclude } from "../../functions/shared/agent/conclude.ts";
import type { Change, Store } from "../../functions/shared/ports/store.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";
import { SCENARIOS, type Scenario } from "./scenario.ts";
import { search } from "./search.ts";

describe("in every order of every step, no invariant is broken (P1, P3, P7, P9, P12, P14; PROOF 1-7, 9-11, 14-16)", () => {
  test.each(SCENARIOS.filter(({ isLong }) => !isLong))("$name", async (scenario) => {
    const { states, transitions, ends } = await search(scenario);
    console.log(`${scenario.name}: ${states} states, ${transitions} transitions`);
    expect(states).toBeGreaterThan(1_000);
    expect(transitions).toBeGreaterThan(5_000);
    expect(ends).toBeGreaterThan(100);
  });
});

/** The same store, where whatever `changed` makes of a change is written. */
const altering = (store: Store, changed: (change: Change) => Change): Store =>
  Object.assign(Object.create(store) as Store, {
    get: store.get.bind(store),
    getMany: store.getMany.bind(store),
    list: store.list.bind(store),
    create: store.create.bind(store),
    update: (key: Parameters<Store["update"]>[0], change: Change) => store.update(key, changed(change)),
  });

const without =
  (...paths: string[]) =>
  (change: Change): Change => ({
    ...change,
    when: (change.when ?? []).filter(({ path }) => !paths.includes(path.join("."))),
  });

const coordinatorStore =
  (changed: (change: Change) => Change): Protocol["carryOut"] =>
  (ports, ...rest) =>
    carryOut({ ...ports, store: altering(ports.store, changed) }, ...rest);

/** One fault each, and the words that the violation begins with. */
const FAULTS: readonly (readonly [string, Partial<Protocol>, RegExp])[] = [
  [
    "a decision that leaves out the stops of cut-off branches",
    {
      decide: (...args) => {
        const decision = decide(...args);
        return { ...decision, commands: decision.commands.filter(({ type }) => type !== "StopTasks") };
      },
    },
    /^4: task \d was cut off/,
  ],
  [
    "a decision that forgets to order a retry",
    {
      decide: (...args) => {
        const decision = decide(...args);
        const isRetry = (command: (typeof decision.commands)[number]) =>
          command.type === "ScheduleTask" && command.attempt > 1;
        return { ...decision, commands: decision.commands.filter((command) => !isRetry(command)) };
      },
    },
    /^4: task \d is scheduled and nobody is told/,
  ],
  [
    "a terminal execution that starts again",
    {
      decide: (state, facts, context) =>
        decide(state.status === "FAILED" ? { ...state, status: "RUNNING" } : state, facts, context),
    },
    /^(1: a terminal execution changed|the same facts once more decide something new)/,
  ],
  [
    "a command that is thrown away",
    {
      carryOut: async (ports, assignment, entry) =>
        entry.command.type === "ResumeTask" ? undefined : carryOut(ports, assignment, entry),
    },
    /^15: nothing more happens, and the execution is running/,
  ],
  [
    "a retry of any attempt",
    { carryOut: coordinatorStore(without("status", "attempt")) },
    /^(P1|6|7): ScheduleTask/,
  ],
  [
    "a resume of any suspension",
    { carryOut: coordinatorStore(without("status", "suspension.k")) },
    /^(P1|7): ResumeTask/,
  ],
  [
    "a resume with the answers turned round",
    {
      carryOut: coordinatorStore((change) => ({
        ...change,
        set: (change.set ?? []).map(([path, value]) => {
          if (path[0] !== "answers") return [path, value] as const;
          const answers = value as unknown as {
            k: number;
            results: { callId: string; branches: object[] }[];
          };
          const results = answers.results.map((result) => ({
            ...result,
            branches: result.branches.toReversed(),
          }));
          return [path, { ...answers, results } as never] as const;
        }),
      })),
    },
    /^9: the answers are not in the declared order/,
  ],
  [
    "an owner that does not look at its epoch",
    {
      conclude: (run, ending) =>
        conclude(
          {
            ...run,
            ports: { ...run.ports, store: altering(run.ports.store, without("epoch", "claim.owner")) },
          },
          ending,
        ),
    },
    /^7: an owner of an older epoch wrote/,
  ],
  [
    "a takeover that keeps the epoch",
    {
      claimTask: (ports, ...rest) => {
        const keeps = (change: Change): Change => ({
          ...change,
          set: (change.set ?? []).filter(([path]) => path[0] !== "epoch"),
        });
        return claimTask({ ...ports, store: altering(ports.store, keeps) }, ...rest);
      },
    },
    /^P7: a claim keeps the epoch/,
  ],
];

describe("the search finds a planted fault", () => {
  const small = SCENARIOS.find(({ takeoversMax, isLong }) => takeoversMax === 1 && !isLong) as Scenario;
  const failFast: Scenario = {
    ...(SCENARIOS.find(({ name }) => name.startsWith("fail-fast")) as Scenario),
    attemptsMax: 2,
  };

  test.each(FAULTS)("%s", async (_, fault, words) => {
    const scenario = "decide" in fault ? failFast : small;
    await expect(search(scenario, { ...PROTOCOL, ...fault })).rejects.toThrow(words);
  });
});
