import { readConfig } from "../kernel/config.ts";
import type { CoordinatorPorts, Reconciler } from "../ports/coordinator-ports.ts";
import { readManifest } from "./bundled-file.ts";
import { handleBatch, type SqsHandler } from "./sqs-batch.ts";
import { warm } from "./warm.ts";
import { wireCommon, wireQueues } from "./wire.ts";

/** The coordinator as a Lambda function on the events queue. */
export const createCoordinatorHandler = (
  createReconciler: (ports: CoordinatorPorts) => Reconciler,
): SqsHandler => {
  const wired = warm(async () => {
    const ports = await wireCoordinator();
    return { ports, reconcile: createReconciler(ports) };
  });
  return async (event) => {
    const { ports, reconcile } = await wired();
    return await handleBatch(event, ports, reconcile);
  };
};

const wireCoordinator = async () => {
  const config = readConfig("coordinator");
  return {
    ...(await wireCommon(config)),
    queues: await wireQueues(config),
    times: config.times,
    agents: readManifest(config.manifestPath),
  };
};
