/** What is mutated together, and the tests that stand for it: as few as show what they are worth. */
export interface Part {
  readonly name: string;
  readonly sources: readonly string[];
  readonly tests: readonly string[];
}

const agent = (...names: string[]): string[] => names.map((name) => `functions/shared/agent/${name}.ts`);
const contracts = (...names: string[]): string[] =>
  names.map((name) => `functions/shared/contracts/${name}.ts`);
const unit = (...names: string[]): string[] => names.map((name) => `test/unit/${name}.test.ts`);

export const PARTS: readonly Part[] = [
  {
    name: "core",
    sources: ["functions/coordinator/core/*.ts"],
    // Without its properties: what only a lucky seed notices counts as unnoticed.
    tests: unit(
      "coordinator/core/apply-event",
      "coordinator/core/checks-and-deadlines",
      "coordinator/core/handoffs",
      "coordinator/core/invariants",
      "coordinator/core/outcomes",
      "coordinator/core/questions",
      "coordinator/core/retries",
      "coordinator/core/state",
      "golden-histories",
    ),
  },
  {
    name: "outbox",
    sources: ["drain-outbox", "carry-out", "commit"].map((name) => `functions/coordinator/${name}.ts`),
    tests: unit(
      "coordinator/carry-out",
      "coordinator/commit",
      "coordinator/reconcile",
      "coordinator/crash",
      "coordinator/late-drain",
      "coordinator/poison",
      "coordinator/questions",
    ),
  },
  {
    name: "claim",
    sources: agent("claim"),
    tests: unit("shared/agent/claim", "shared/agent/claim-writes"),
  },
  {
    name: "permit",
    sources: agent("permit", "spending", "budget", "budget-room"),
    tests: unit("shared/agent/budgets", "shared/agent/permit", "shared/agent/permit-writes"),
  },
  {
    name: "paths and schemas",
    sources: [...agent("workspace-path"), ...contracts("stored-execution", "value", "ids")],
    tests: unit(
      "shared/agent/workspace",
      "shared/agent/workspace-path",
      "shared/contracts/stored-execution",
      "shared/contracts/value",
      "golden-histories",
      "coordinator/poison",
    ),
  },
];
