import type { ChildFunction } from "./child-function.ts";

/**
 * EventBridge's schedule: invokes the sweeper at once and then every `everyMs`, but never beside
 * itself. A sweep that fails is followed by the next.
 */
export const startClock = (
  sweeper: Pick<ChildFunction, "invoke">,
  everyMs: number,
  log?: (source: string, line: string) => void,
): { stop(): void } => {
  let isSweeping = false;
  const sweep = async (): Promise<void> => {
    if (isSweeping) return;
    isSweeping = true;
    try {
      await sweeper.invoke(scheduledEvent(new Date()));
    } catch (error) {
      log?.("sweeper", `a sweep failed: ${String(error)}`);
    } finally {
      isSweeping = false;
    }
  };
  const timer = setInterval(() => void sweep(), everyMs);
  void sweep();
  return { stop: () => clearInterval(timer) };
};

const scheduledEvent = (time: Date): string =>
  JSON.stringify({
    version: "0",
    "detail-type": "Scheduled Event",
    source: "aws.events",
    time: time.toISOString(),
    detail: {},
  });
