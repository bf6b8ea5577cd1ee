import { UsageError } from "./errors.ts";

type StartHost = typeof import("../local/host.ts").startHost;

/** Loaded when needed: a command that talks to a running host should not pay for the emulators. */
export const startEmbeddedHost = async (...args: Parameters<StartHost>): ReturnType<StartHost> => {
  const { startHost } = await import("../local/host.ts");
  try {
    return await startHost(...args);
  } catch (error) {
    if (error instanceof Error && error.name === "HostError") throw new UsageError(error.message);
    throw error;
  }
};
