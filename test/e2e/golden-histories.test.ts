import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Host } from "../../infra/local/host.ts";
import { serverError } from "../../infra/local/model-server/faults.ts";
import { defineScript } from "../../infra/local/model-server/script.ts";
import { openHost } from "../support/open-target.ts";
import type { Target } from "../support/target.ts";

/**
 * Writes `test/golden/<version>-<name>.history.json`, each a real execution of this release; those of
 * earlier releases stay. test/unit/golden-histories.test.ts reads them all.
 */

/** The turn's own two retries are not enough, so the coordinator tries the task again. */
const retried = defineScript({
  name: "retried",
  agents: {
    coder: [{ faults: [serverError(), serverError(), serverError()], text: "The second attempt answers." }],
  },
});

const stopped = async (target: Target): Promise<string> => {
  const id = await target.start("[[slow-planner ms=20000]] Until it is stopped");
  await target.until(id, ({ tasks }) => tasks.length === 3 && tasks[2]?.status === "SUCCEEDED");
  expect((await target.post(`/executions/${id}/stop`)).status).toBe(202);
  return id;
};

const asked = async (target: Target): Promise<string> => {
  const id = await target.start("[[ask-human]] Build the limiter");
  const { task } = await target.question(id);
  expect((await target.answer(id, task, { text: "Redis" })).status).toBe(202);
  return id;
};

const RECORDINGS: Readonly<Record<string, (target: Target) => Promise<string>>> = {
  standard: (target) => target.start("[[standard]] Write a token-bucket rate limiter"),
  nested: (target) => target.start("[[nested]] Plan a cache"),
  transfer: (target) => target.start("[[transfer]] Plan the migration"),
  "fail-fast": (target) => target.start("[[fail-fast]] Plan it and judge it"),
  retry: (target) => target.start("[[retried]] Try again"),
  stop: stopped,
  question: asked,
};

test.runIf(process.env["GOLDEN_UPDATE"] === "1")(
  "the histories of this release are recorded",
  async () => {
    const { target, host } = await openHost();
    try {
      await record(target, host);
    } finally {
      await host.stop();
    }
  },
  120_000,
);

const record = async (target: Target, host: Host): Promise<void> => {
  host.modelServer?.addScript(retried);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  for (const [name, begin] of Object.entries(RECORDINGS)) {
    const view = await target.end(await begin(target), 60_000);
    const events = await target.history(view.executionId);
    const file = fileURLToPath(new URL(`../golden/${version}-${name}.history.json`, import.meta.url));
    const { input: _input, output: _output, outputBytes: _bytes, version: _version, ...kept } = view;
    writeFileSync(file, `${JSON.stringify({ view: kept, events }, null, 2)}\n`);
  }
};
