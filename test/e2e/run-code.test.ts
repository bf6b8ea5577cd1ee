import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isDeployed, openHost, openTarget } from "../support/open-target.ts";
import type { Target } from "../support/target.ts";

let target: Target;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ target, close } = await openTarget());
});
afterAll(() => close());

test("coder runs its tests, sees which fails and where, corrects the code, and sees them pass", async () => {
  const view = await target.run("[[run-code]] Add numbers up");
  expect(view.status).toBe("SUCCEEDED");
  expect(view.output).toContain("tests: 1 passed, 1 failed");
  expect(view.output).toContain("FAIL  one and two are three");
  expect(view.output).toContain("expected -3 to be 3");
  expect(view.output).toContain("(test/sum.test.ts:8:");
  expect(view.output).toContain("tests: 2 passed, 0 failed");
  expect(await target.file(view.executionId, "src/sum.ts")).toContain("total + next");
});

test("what a program must not do ends that program and nothing else [bad-input 57] [bad-input 58] [bad-input 59]", async () => {
  const view = await target.run("[[run-code attacks=all]] Break out", {}, 60_000);
  expect(view.status).toBe("SUCCEEDED");
  const output = view.output ?? "";
  for (const code of ["CODE_TIMEOUT", "CODE_MEMORY", "CODE_PROCESSES", "CODE_IMPORT"]) {
    expect(output).toContain(`run_code (ok): ${code}: `);
  }
  expect(output).toContain("output:\nbefore");
  expect(output).toContain("default export: undefined,undefined,undefined");
  expect(output).toContain("output, cut at 65536 bytes (print less):");
  expect(output).not.toContain("AWS_");
});

test.skipIf(isDeployed)(
  "a sandbox that is killed in the middle of a program is an error result, and coder goes on",
  async () => {
    const { target: own, host } = await openHost();
    try {
      const id = await own.start("[[run-code endless=yes]] Compute for ever");
      await own.until(id, () => host.agents().some((one) => one.function === "sandbox" && one.busy));
      const { pid } = host.agents().find((one) => one.function === "sandbox") ?? {};
      // What is not there cannot be read, whatever a program finds a way to.
      expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toMatch(
        /BULKHEAD_|AWS_(ACCESS|SECRET|SESSION|ENDPOINT)/,
      );
      host.killFunction("sandbox");
      const view = await own.end(id);
      expect(view.status).toBe("SUCCEEDED");
      expect(view.output).toContain("run_code (error): TOOL_FAILED: the sandbox ended without a result");
      expect(view.output).toContain("tests: 2 passed, 0 failed");
    } finally {
      await host.stop();
    }
  },
);
