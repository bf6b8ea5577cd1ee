import type { TaskId } from "../contracts/ids.ts";
import type { TurnRecord } from "../contracts/task-record.ts";
import type { Usage } from "../contracts/usage.ts";
import type { AgentPorts, Invocation } from "./agent-ports.ts";
import type { AgentSpec } from "./agent-spec.ts";
import type { Held } from "./claim.ts";
import type { Decisions } from "./decisions.ts";
import type { TaskPermit } from "./permit.ts";
import type { ProviderLimiter } from "./provider-limiter.ts";
import type { RequestText } from "./request-text.ts";
import type { GivenResult } from "./saved-turn.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import type { Transcript } from "./transcript.ts";
import type { Workspace } from "./workspace.ts";

/** One invocation's work on one claimed task: everything that its steps share. */
export interface TaskRun {
  readonly spec: AgentSpec;
  readonly ports: AgentPorts;
  readonly invocation: Invocation;
  readonly taskId: TaskId;
  /** How often the queue has delivered this message. */
  readonly receiveCount: number;
  readonly held: Held;
  readonly permit: TaskPermit;
  readonly limiter: ProviderLimiter;
  /** Aborted with an Interruption when the work must end at once. */
  readonly signal: AbortSignal;
  readonly request: RequestText;
  tools: ToolRegistry;
  /** What the model is told about itself and its tools: of the first turn, for the whole task. */
  snapshot: Snapshot;
  /** After another owner saved the first turn: what it told the model is what the model was told. */
  readonly adoptSnapshot: (first: TurnRecord) => Promise<void>;
  readonly transcript: Transcript;
  readonly workspace: Workspace;
  /** What people said to calls of the last turn. */
  readonly decisions: Decisions;
  /** Handoff results that the next turn is told and stores. */
  given: readonly GivenResult[];
  /** What the next turn is told of the budget and stores. */
  notice: string | undefined;
  /** Paid, but not part of a saved turn of this task: failed tries, and turns that lost a race. */
  unsavedUsage: Usage;
}
