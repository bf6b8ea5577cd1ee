import { priceOf } from "../adapters/price-table.ts";
import { readConfig } from "../kernel/config.ts";
import type { ApiPorts } from "../ports/api-ports.ts";
import { readManifest } from "./bundled-file.ts";
import { lazyS3Blobs } from "./lazy-blobs.ts";
import { createOutput } from "./output.ts";
import { warm } from "./warm.ts";
import { wireCommon, wireQueues } from "./wire.ts";
import { wireSecret } from "./wire-secret.ts";

/**
 * The API as a Lambda function behind API Gateway. What answers an event is the caller's to make, since
 * only `functions/api` knows its HTTP library.
 */
export const createApiHandler = <Event, Context, Response>(
  createHandler: (ports: ApiPorts) => (event: Event, context: Context) => Response | Promise<Response>,
): ((event: Event, context: Context) => Promise<Response>) => {
  const wired = warm(async () => createHandler(await wireApi()));
  return async (event, context) => await (await wired())(event, context);
};

const wireApi = async (): Promise<ApiPorts> => {
  const config = readConfig("api");
  const output = createOutput();
  const common = await wireCommon(config, output);
  const priced = (model: string): boolean => priceOf(model, common.clock.now()) !== null;
  return {
    ...common,
    queues: await wireQueues(config),
    blobs: lazyS3Blobs(config),
    agents: readManifest(config.manifestPath),
    agentModels: Object.fromEntries(
      Object.entries(config.agentModels).map(([agent, { provider, model }]) => [
        agent,
        { provider, model, priced: priced(model) },
      ]),
    ),
    tokenSecret: wireSecret(config.tokenSecret, output),
    limits: config.limits,
    retentionSeconds: config.retentionSeconds,
    scripted: config.scripted,
    times: config.times,
  };
};
