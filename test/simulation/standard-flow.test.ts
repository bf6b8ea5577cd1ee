import { expect, test } from "vitest";
import { countRequests } from "../support/count-requests.ts";
import { expectGolden } from "../support/golden.ts";
import { standardWorld } from "../support/standard-execution.ts";

test("whatever the order of delivery, the standard flow ends once, with four paid turns", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const world = standardWorld({ seed });
    const id = await world.start({ input: "write a limiter" });
    await world.settle();
    const view = await world.view(id);
    expect(view, `seed ${seed}`).toMatchObject({
      status: "SUCCEEDED",
      output: "done, with both answers",
      usage: { calls: 4, inputTokens: 2_000, outputTokens: 400 },
    });
  }
});

test("one standard execution needs no more requests than the golden number", async () => {
  const world = standardWorld();
  await world.start({ input: "write a limiter" });
  await world.settle();
  expectGolden("standard-requests.json", countRequests(world));
});
