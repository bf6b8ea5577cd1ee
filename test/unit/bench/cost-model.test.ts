import { expect, test } from "vitest";
import { costPerThousand, idlePerMonth } from "../../../bench/cost-model.ts";

test("an execution costs what its requests, units and seconds cost, counted by hand", () => {
  const cost = costPerThousand(
    { messages: 10, writeUnits: 100, readUnits: 40, coordinatorRuns: 5, agentRuns: 4 },
    {
      agentWaitSeconds: 40,
      agentWorkSeconds: 0,
      agentMemoryGb: 0.25,
      coordinatorSeconds: 0.1,
      coordinatorMemoryGb: 0.5,
    },
  );
  expect(cost.sqs).toBeCloseTo(0.012, 9); // 10 messages x 3 requests x $0.40 / 1M x 1,000
  expect(cost.dynamoDb).toBeCloseTo(0.0675, 9); // 100 x $0.625 / 1M + 40 x $0.125 / 1M = $67.5 / 1M
  expect(cost.coordinator).toBeCloseTo(0.00433335, 9); // 5 x $0.2 / 1M + 0.25 GB-s x $13.3334 / 1M
  expect(cost.agents).toBeCloseTo(0.134134, 9); // 4 x $0.2 / 1M + 10 GB-s x $13.3334 / 1M
  expect(cost.total).toBeCloseTo(0.21796735, 9);
});

test("an idle month costs what stands there, counted by hand", () => {
  const idle = idlePerMonth({
    polledQueues: 4,
    alarms: 14,
    dashboards: 1,
    secrets: 4,
    sweeps: { perMonth: 43_200, seconds: 0.1, memoryGb: 0.25 },
    shards: 2,
  });
  expect(idle.polling).toBeCloseTo(1.0368, 9); // 4 queues x 648,000 polls x $0.40 / 1M
  expect(idle.alarms).toBeCloseTo(1.4, 9);
  expect(idle.dashboards).toBe(3);
  expect(idle.secrets).toBeCloseTo(1.6, 9);
  // 43,200 x ($0.2 / 1M + 0.025 GB-s x $13.3334 / 1M + 2 x 0.5 x $0.125 / 1M)
  expect(idle.sweeper).toBeCloseTo(0.028440072, 9);
  expect(idle.total).toBeCloseTo(7.065240072, 9);
});
