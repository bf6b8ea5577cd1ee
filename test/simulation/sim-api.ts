import { createApp } from "../../functions/api/app.ts";
import { AWS_TIMES } from "../../functions/shared/contracts/protocol-times.ts";
import { type FunctionPorts, functionPorts, type WorldParts } from "./function-ports.ts";
import type { SimBlobs } from "./sim-blobs.ts";
import type { SimProcess } from "./sim-process.ts";
import { AGENTS, MANIFEST } from "./team.ts";

type Ports = FunctionPorts & { readonly blobs: ReturnType<SimBlobs["portOf"]> };

/** One warm function of the API: made once, since an app is slow to make, and lent to one request at a time. */
interface WarmApp {
  readonly app: ReturnType<typeof createApp>;
  ports: Ports | undefined;
}

const idle: WarmApp[] = [];

/** Sends one request to the API as one process of the world runs it. */
export const requestApi = async (
  parts: WorldParts & { readonly blobs: SimBlobs },
  process: SimProcess,
  path: string,
  init: RequestInit,
): Promise<Response> => {
  const warm = idle.pop() ?? makeWarm();
  warm.ports = { ...functionPorts(parts, process), blobs: parts.blobs.portOf(process) };
  const response = await warm.app.request(path, init);
  // One that died never comes here, and is never lent again.
  idle.push(warm);
  return response;
};

const makeWarm = (): WarmApp => {
  const warm: { ports: Ports | undefined } = { ports: undefined };
  const ports = (): Ports => {
    if (warm.ports === undefined) throw new Error("an idle app was asked");
    return warm.ports;
  };
  /** The app takes its ports apart when it is made, so each of them asks anew whom it stands for. */
  const standIn = <Name extends keyof Ports>(name: Name): Ports[Name] =>
    new Proxy({} as Ports[Name] & object, {
      get: (_, method) => Reflect.get(ports()[name] as object, method),
    });
  const app = createApp({
    store: standIn("store"),
    queues: standIn("queues"),
    blobs: standIn("blobs"),
    clock: standIn("clock"),
    random: standIn("random"),
    log: standIn("log"),
    times: AWS_TIMES,
    agents: MANIFEST,
    agentModels: Object.fromEntries(
      AGENTS.map((name) => [name, { provider: "anthropic" as const, model: "simulated", priced: true }]),
    ),
    tokenSecret: async () => "a secret of sixteen characters and more",
    scripted: true,
  });
  return Object.assign(warm, { app });
};
