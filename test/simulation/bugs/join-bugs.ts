import { inAgent, inCoordinator, type PlantedBug } from "./planted-bug.ts";

/** When a handoff joins, and in which order its answers are told. */
export const JOIN_BUGS: readonly PlantedBug[] = [
  inCoordinator(
    "a handoff joins before its last branch",
    "join",
    "core/join.ts",
    'return open === 0 ? { rest: "joined" } : "wait";',
    'return open <= 1 ? { rest: "joined" } : "wait";',
  ),
  inCoordinator(
    "a handoff joins again",
    "join",
    "core/join.ts",
    'if (handoff.status !== "OPEN" || requester?.status !== "SUSPENDED") return;',
    'if (requester?.status !== "SUSPENDED") return;',
  ),
  inCoordinator(
    "a task resumes before all its handoffs have joined",
    "join",
    "core/join.ts",
    'if (handoffs.some(({ status }) => status === "OPEN")) return;',
    'if (handoffs.every(({ status }) => status === "OPEN")) return;',
  ),
  inCoordinator(
    "fail-fast leaves the siblings running",
    "join",
    "core/join.ts",
    '  endTasks(draft, handoff.branches, { type: "TaskAborted", cause: verdict.rest });',
    "",
  ),
  inCoordinator(
    "answers are joined in another order",
    "join",
    "joined-answers.ts",
    "branches: branchesOf(state, handoff).map(resultOf),",
    "branches: branchesOf(state, handoff).toReversed().map(resultOf),",
  ),
  inCoordinator(
    "a quorum is one too few",
    "join",
    "core/join.ts",
    "if (succeeded >= quorum) return",
    "if (succeeded + 1 >= quorum) return",
  ),
  inAgent(
    "handoff results are told in another order",
    "join",
    "handoff-results.ts",
    "const shown = branches.map((branch) => showBranch(branch, share));",
    "const shown = branches.toReversed().map((branch) => showBranch(branch, share));",
  ),
];
