import { readConfig } from "../kernel/config.ts";
import type { SweeperPorts } from "../ports/sweeper-ports.ts";
import { warm } from "./warm.ts";
import { wireCommon, wireQueues } from "./wire.ts";

/** The sweeper as a Lambda function on a schedule; the schedule's event says nothing. */
export const createSweeperHandler = (
  sweep: (ports: SweeperPorts) => Promise<unknown>,
): (() => Promise<void>) => {
  const wired = warm(async (): Promise<SweeperPorts> => {
    const config = readConfig("sweeper");
    return { ...(await wireCommon(config)), queues: await wireQueues(config) };
  });
  return async () => {
    await sweep(await wired());
  };
};
