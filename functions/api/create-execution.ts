import { createHash } from "node:crypto";
import { toValue } from "../shared/agent/stored-value.ts";
import type { StartExecutionBody } from "../shared/contracts/api.ts";
import { type ExecutionStatus, initialState } from "../shared/contracts/execution-state.ts";
import type { AgentName, ExecutionId } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { type ExecutionLimits, LIMITS } from "../shared/contracts/limits.ts";
import { newPermit } from "../shared/contracts/permit.ts";
import { permitKey, stateKey } from "../shared/contracts/resources.ts";
import { newStateItem } from "../shared/contracts/stored-execution.ts";
import type { ApiPorts } from "../shared/ports/api-ports.ts";
import { resolveLimits } from "./execution-limits.ts";
import { acceptFiles, putFirstFiles } from "./first-files.ts";
import { acceptInput } from "./input-text.ts";
import { ApiProblem } from "./problems.ts";

//   I1. PERMIT exists before STATE, and neither is ever written again by a creation (P2).
//   I2. Whoever is told of an execution is told after its STATE exists; from then on the sweeper
//       finds it, so the hint is for speed and its loss changes nothing.
//   I3. One id has one body, decided by who creates PERMIT: whoever comes with another is refused
//       before anything of it is stored.
//   I4. The files that come with a request are in the workspace before STATE exists.

interface Creation {
  readonly id: ExecutionId;
  readonly tenant: string;
  readonly agent: AgentName;
  readonly body: StartExecutionBody;
}

/**
 * P2. Creates the execution, or finds the one that the same body has created under this id; then
 * its status. Throws `IDEMPOTENCY_CONFLICT` when it was another body.
 */
export const createExecution = async (
  ports: ApiPorts,
  { id, tenant, agent, body }: Creation,
): Promise<{ status: ExecutionStatus }> => {
  const input = acceptInput(body.input);
  const files = acceptFiles(body.files ?? []);
  const limits = resolveLimits(body.limits ?? {}, agent, ports);
  const createdAt = ports.clock.now();
  const expiresAt = expirySeconds(createdAt, limits, ports.retentionSeconds);
  // The parsed body has its members in the schema's order: white space and order make no difference.
  const bodyHash = createHash("sha256")
    .update(JSON.stringify({ ...body, agent }))
    .digest("hex");
  const existing = async (): Promise<Item | undefined> => ports.store.get(stateKey(id));

  const permit = { ...permitKey(id), ...newPermit(tenant, limits, expiresAt), bodyHash };
  const permitted = await ports.store.create(permit);
  // Refused: the key has been here before. Its creation may have died between PERMIT and STATE; then we finish it.
  const earlier = permitted === "refused" ? await existing() : undefined;
  if (earlier !== undefined) return sameBody(earlier, bodyHash);
  if (permitted === "refused") await checkSameBody(ports, id, bodyHash);

  await putFirstFiles(ports, { id, createdAt, expiresAt }, files);
  const stored = await toValue(ports.blobs, id, input, {
    inlineBytesMax: LIMITS.stateInlineBytesMax,
    previewBytesMax: LIMITS.answerPreviewBytes,
  });
  const state = initialState({ executionId: id, tenant, createdAt, expiresAt, agent, input: stored, limits });
  const written = await ports.store.create({ ...newStateItem(state, createdAt), bodyHash });
  if (written === "refused") {
    const winner = await existing();
    if (winner !== undefined) return sameBody(winner, bodyHash);
  }
  await hint(ports, id, tenant);
  return { status: state.status };
};

/** Seconds since the epoch, as the table's time to live wants it. */
const expirySeconds = (
  createdAt: number,
  { deadlineSeconds }: ExecutionLimits,
  retentionSeconds: number = LIMITS.retentionSecondsDefault,
): number => Math.ceil(createdAt / 1000) + deadlineSeconds + retentionSeconds;

const sameBody = (item: Item, bodyHash: string): { status: ExecutionStatus } => {
  if (item["bodyHash"] !== bodyHash) throw conflict();
  return { status: item["status"] as ExecutionStatus };
};

/** I3. There is no STATE yet: what PERMIT was created for is what counts. */
const checkSameBody = async ({ store }: ApiPorts, id: ExecutionId, bodyHash: string): Promise<void> => {
  const permit = await store.get(permitKey(id));
  if (permit?.["bodyHash"] !== bodyHash) throw conflict();
};

const conflict = (): ApiProblem =>
  new ApiProblem(
    "IDEMPOTENCY_CONFLICT",
    "this Idempotency-Key has started an execution with another body; use a new key for a new request",
  );

const hint = async ({ queues, log }: ApiPorts, id: ExecutionId, tenant: string): Promise<void> => {
  try {
    await queues.sendHint({ v: 1, kind: "look", executionId: id }, { group: tenant });
  } catch {
    log.warn("hint not sent, the sweeper will find the execution", { executionId: id });
  }
};
