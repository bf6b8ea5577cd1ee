import type { Host } from "../../infra/local/host.ts";
import { Target } from "./target.ts";

type HostOptions = NonNullable<Parameters<typeof import("../../infra/local/host.ts").startHost>[0]>;

/**
 * What the end-to-end suite runs against: the deployed system that BULKHEAD_API (and BULKHEAD_KEY)
 * name, or an embedded host of its own with the scripted model server.
 */
export const openTarget = async (): Promise<{ target: Target; close: () => Promise<void> }> => {
  const deployed = process.env["BULKHEAD_API"];
  if (deployed !== undefined) {
    return { target: new Target(deployed, process.env["BULKHEAD_KEY"]), close: async () => {} };
  }
  const { target, host } = await openHost();
  return { target, close: () => host.stop() };
};

/** True when tests may not kill processes or lose messages: the target is somebody's deployment. */
export const isDeployed = process.env["BULKHEAD_API"] !== undefined;

/** An embedded host, always: for tests that need to reach behind the API. */
export const openHost = async (options: HostOptions = {}): Promise<{ target: Target; host: Host }> => {
  const { startHost } = await import("../../infra/local/host.ts");
  const host = await startHost({ port: 0, ...options });
  return {
    target: new Target(host.url, typeof options.apiKey === "string" ? options.apiKey : undefined),
    host,
  };
};
