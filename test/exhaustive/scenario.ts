import type { AgentManifest } from "../../functions/shared/contracts/agent-manifest.ts";
import type { HandoffCall, OnFailure } from "../../functions/shared/contracts/handoff.ts";
import { LIMITS } from "../../functions/shared/contracts/limits.ts";
import { AWS_TIMES, type ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";

/** What agents may ask for, and what may happen around them; everything within is tried in every order. */
export interface Scenario {
  readonly name: string;
  /** The handoff calls that suspension `k` of an agent's task may make; whether it does is tried both ways. */
  readonly asks: Readonly<Record<string, readonly (readonly HandoffCall[])[]>>;
  readonly attemptsMax: 1 | 2;
  /** Takeovers of one claim in a row; without any, nobody sees a claim, and it is one step with what follows. */
  readonly takeoversMax: number;
  /** Whether who carries out a command may die between the record and the message. */
  readonly deaths: boolean;
  readonly canStop: boolean;
  /** Deadlines that may pass: 1, the handoffs'; 2, the execution's too. */
  readonly deadlines: 0 | 1 | 2;
  /** How many commands the outbox holds. */
  readonly outboxMax: number;
  /** Too long for every test run; `npm run exhaustive` searches it too. */
  readonly isLong: boolean;
}

export const START = 1_700_000_000_000;
export const HANDOFF_DEADLINE_SECONDS = 10;
export const EXECUTION_DEADLINE_SECONDS = 100;

/** The time once this many deadlines have passed. */
export const timeOf = (phase: number): number =>
  START + 1000 * ([0, HANDOFF_DEADLINE_SECONDS, EXECUTION_DEADLINE_SECONDS][phase] ?? 0);

/** Messages are never lost here, so that none is ever sent anew: when to do so is the simulator's subject. */
export const TIMES: ProtocolTimes = { ...AWS_TIMES, resendMs: 10 ** 14, resendMsMax: 10 ** 14 };

const AGENTS = ["coder", "a", "b", "c", "d"];

export const agentsOf = ({ attemptsMax }: Scenario): AgentManifest =>
  AGENTS.map((name) => ({
    name,
    role: name,
    tools: [],
    handoffs: AGENTS.filter((other) => other !== name),
    retry: [
      {
        errorEquals: ["ModelUnavailable"],
        intervalSeconds: 1,
        backoffRate: 1,
        maxDelaySeconds: 1,
        maxAttempts: attemptsMax - 1,
        jitterStrategy: "NONE",
      },
    ],
    concurrency: 1,
  }));

const handoff = (
  callId: string,
  agents: readonly string[],
  onFailure: OnFailure = "collect",
  rest: Partial<HandoffCall> = {},
): HandoffCall => ({
  callId,
  mode: "parallel",
  to: agents.map((agent) => ({ agent, packet: { task: { inline: "do it" }, artifacts: [] } })),
  onFailure,
  ...rest,
});

const BASE = {
  attemptsMax: 2,
  takeoversMax: 0,
  deaths: false,
  canStop: true,
  deadlines: 0,
  outboxMax: LIMITS.outboxMax,
  isLong: false,
} as const;

const TWO_AT_ONCE = [[handoff("h1", ["a", "b"]), handoff("h2", ["c", "d"])]];

export const SCENARIOS: readonly Scenario[] = [
  {
    ...BASE,
    name: "two handoffs of two branches at once, two attempts, stop",
    isLong: true,
    asks: { coder: TWO_AT_ONCE },
  },
  {
    ...BASE,
    name: "one handoff of two branches, two attempts, takeovers, deaths while draining, stop",
    takeoversMax: 1,
    deaths: true,
    asks: { coder: [[handoff("h1", ["a", "b"])]] },
  },
  {
    ...BASE,
    name: "two handoffs of two branches one after the other, two attempts, stop",
    asks: { coder: [[handoff("h1", ["a", "b"])], [handoff("h2", ["c", "d"])]] },
  },
  {
    ...BASE,
    name: "a handoff of two within a handoff of two, two attempts, stop",
    isLong: true,
    asks: { coder: [[handoff("h1", ["a", "b"])]], a: [[handoff("h2", ["c", "d"])]] },
  },
  {
    ...BASE,
    name: "a transfer within a handoff of two, two attempts, takeovers, stop",
    takeoversMax: 1,
    isLong: true,
    asks: {
      coder: [[handoff("h1", ["a", "b"])]],
      a: [[handoff("h2", ["c"], "collect", { mode: "transfer" })]],
    },
  },
  {
    ...BASE,
    name: "fail-fast beside a quorum, two attempts",
    isLong: true,
    canStop: false,
    asks: { coder: [[handoff("h1", ["a", "b"], "fail-fast"), handoff("h2", ["c", "d"], { quorum: 1 })]] },
  },
  {
    ...BASE,
    name: "fail-fast beside a quorum, stop",
    isLong: true,
    attemptsMax: 1,
    asks: { coder: [[handoff("h1", ["a", "b"], "fail-fast"), handoff("h2", ["c", "d"], { quorum: 1 })]] },
  },
  {
    ...BASE,
    name: "a deadline of a fail-fast handoff beside a quorum, and the execution's",
    isLong: true,
    attemptsMax: 1,
    canStop: false,
    deadlines: 2,
    asks: {
      coder: [
        [
          handoff("h1", ["a", "b"], "fail-fast", { deadlineSeconds: HANDOFF_DEADLINE_SECONDS }),
          handoff("h2", ["c", "d"], { quorum: 1 }),
        ],
      ],
    },
  },
  {
    ...BASE,
    name: "deadlines of a handoff of two and of the execution, stop",
    attemptsMax: 1,
    deadlines: 2,
    asks: { coder: [[handoff("h1", ["a", "b"], "collect", { deadlineSeconds: HANDOFF_DEADLINE_SECONDS })]] },
  },
  {
    ...BASE,
    name: "two handoffs of two branches at once through an outbox of two, stop",
    attemptsMax: 1,
    outboxMax: 2,
    asks: { coder: TWO_AT_ONCE },
  },
];
