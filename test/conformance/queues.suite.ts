import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Hint, Work } from "../../functions/shared/contracts/messages.ts";
import { AssertionFailed } from "../../functions/shared/kernel/assert.ts";
import type { Queues } from "../../functions/shared/ports/queues.ts";

export interface OpenQueues {
  readonly queues: Queues;
  /** Takes what can be received now off a queue: the bodies, oldest first. */
  take(queue: "events" | "coder" | "critic"): Promise<string[]>;
  close(): Promise<void>;
}

const executionId = "01JD0000000000000000000000";
const hint: Hint = { v: 1, kind: "look", executionId, task: 500 };
const work: Work = { v: 1, kind: "work", taskId: `${executionId}.1` };

/** What every Queues promises of sending; how messages come back is the platform's, and tested where it is real. */
export const queuesSuite = (name: string, open: () => Promise<OpenQueues>): void => {
  describe(`queues: ${name}`, () => {
    let opened: OpenQueues;
    let queues: Queues;

    beforeAll(async () => {
      opened = await open();
      queues = opened.queues;
    });
    afterAll(async () => await opened.close());
    beforeEach(async () => {
      for (const queue of ["events", "coder", "critic"] as const) await opened.take(queue);
    });

    test("a hint arrives on the events queue and nowhere else, whatever its group", async () => {
      await queues.sendHint(hint);
      await queues.sendHint({ v: 1, kind: "look", executionId }, { group: "tenant-a" });
      const received = (await opened.take("events")).map((body) => JSON.parse(body));
      expect(received).toHaveLength(2);
      expect(received).toEqual(expect.arrayContaining([hint, { v: 1, kind: "look", executionId }]));
      expect(await opened.take("coder")).toEqual([]);
    });

    test("work arrives on its agent's queue and no other", async () => {
      await queues.sendWork("critic", work);
      expect((await opened.take("critic")).map((body) => JSON.parse(body))).toEqual([work]);
      expect(await opened.take("coder")).toEqual([]);
      expect(await opened.take("events")).toEqual([]);
    });

    test("the same message twice is two messages", async () => {
      await queues.sendHint(hint);
      await queues.sendHint(hint);
      expect(await opened.take("events")).toHaveLength(2);
    });

    test.each([901, -1, 0.5, Number.NaN])("a delay of %s s is wrong code", async (delaySeconds) => {
      await expect(queues.sendWork("coder", work, { delaySeconds })).rejects.toBeInstanceOf(AssertionFailed);
      await expect(queues.sendHint(hint, { delaySeconds })).rejects.toBeInstanceOf(AssertionFailed);
      expect(await opened.take("coder")).toEqual([]);
    });

    test("a message above 1 KiB is wrong code", async () => {
      const large = { ...work, taskId: "x".repeat(1024) };
      await expect(queues.sendWork("coder", large)).rejects.toBeInstanceOf(AssertionFailed);
    });

    test.each([43_201, -1, 1.5])("hiding for %s s is wrong code", async (seconds) => {
      await expect(queues.hide("receipt", seconds)).rejects.toBeInstanceOf(AssertionFailed);
    });
  });
};
