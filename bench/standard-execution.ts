import { LOCAL_TIMES } from "../functions/shared/contracts/protocol-times.ts";
import { standardWorld } from "../test/support/standard-execution.ts";
import type { ExecutionUse } from "./cost-model.ts";
import { meterStore, type Units } from "./meter-store.ts";

/** Of the input and of each answer, as in the table of peers. */
export const TEXT_BYTES = 2_000;
/**
 * Time passes, so that the next look moves and its index entry with it, and less than until a heartbeat:
 * deployed, a turn of ten seconds ends before its first one too.
 */
const THINKING_MS = LOCAL_TIMES.beatMs / 2;

/**
 * One standard execution on the ports in memory, the functions themselves unchanged: coder asks planner
 * and critic in parallel and finishes; four turns. Rejects when it does not succeed.
 */
export const meterStandardExecution = async (): Promise<{ use: ExecutionUse; units: Units }> => {
  const world = standardWorld({
    textBytes: TEXT_BYTES,
    think: ({ clock }) => clock.advance(THINKING_MS),
  });
  const units = meterStore(world.store);
  const id = await world.start({ input: "i".repeat(TEXT_BYTES) });
  await world.settle();
  const { write, read } = units; // before the view is read
  const { status } = await world.view(id);
  if (status !== "SUCCEEDED") throw new Error(`the standard execution ended as ${status}`);
  const { coordinator = 0, ...agents } = world.invocations;
  return {
    units,
    use: {
      messages: world.sentTo.events + world.sentTo.agents,
      writeUnits: write,
      readUnits: read,
      coordinatorRuns: coordinator,
      agentRuns: Object.values(agents).reduce((sum, runs) => sum + runs, 0),
    },
  };
};
