import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Host } from "../../infra/local/host.ts";
import { openHost } from "../support/open-target.ts";
import { eventually } from "../support/spawned-host.ts";

/** Embedded host only: these kill processes, lose messages and look into the ledger. */

let host: Host | undefined;
const folders: string[] = [];

afterEach(async () => {
  await host?.stop();
  host = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const open = async (options: Parameters<typeof openHost>[0] = {}) => {
  const opened = await openHost(options);
  host = opened.host;
  return opened;
};

/** Calls that were begun, per agent and turn: more than one of a turn means that it was paid again. */
const callsOf = (from: Host): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { agent, turn } of from.modelServer?.ledger() ?? []) {
    counts[`${agent} ${turn}`] = (counts[`${agent} ${turn}`] ?? 0) + 1;
  }
  return counts;
};

test("a planner killed with -9 in mid-turn is taken up again, and no finished turn is paid twice", async () => {
  const { target, host } = await open();
  const id = await target.start("[[slow-planner ms=1500]] Plan");
  await eventually(() => callsOf(host)["planner 1"] === 1, "the planner asks its model");
  // A slow machine may have begun another for the same message, sent anew.
  expect(host.killFunction("planner")).toBeGreaterThan(0);
  // How soon follows from the times (arithmetic.test.ts); a dead function's message comes back after a minute.
  await eventually(() => callsOf(host)["planner 1"] === 2, "the planner's turn is taken up again", 30_000);
  const view = await target.end(id);
  expect(view.status).toBe("SUCCEEDED");
  expect(callsOf(host)).toEqual({ "coder 1": 1, "planner 1": 2, "critic 1": 1, "coder 2": 1 });
});

test("a busy planner delays neither the critic nor another execution's planner", async () => {
  const { target } = await open();
  await target.run("[[quick]] Warm up");
  const slow = await target.start("[[slow-planner ms=4000]] Plan slowly");
  const view = await target.until(slow, ({ tasks }) => {
    const of = (name: string) => tasks.find(({ agent }) => agent === name);
    return of("planner")?.doing === "model" && of("critic")?.status === "SUCCEEDED";
  });
  expect(view.status).toBe("RUNNING");
  expect((await target.run("[[quick]] Quickly")).status).toBe("SUCCEEDED");
  expect((await target.get(slow)).status).toBe("RUNNING");
  expect((await target.end(slow)).status).toBe("SUCCEEDED");
});

test("a provider's word on when to come back holds the other branch back too", async () => {
  const { target, host } = await open();
  const view = await target.run("[[held-back]] Do it");
  expect(view.status).toBe("SUCCEEDED");
  const ledger = host.modelServer?.ledger() ?? [];
  const refused = ledger.find(({ status }) => status === 429);
  expect(refused).toMatchObject({ agent: "planner", turn: 1 });
  const heldUntil = (refused?.at ?? 0) + 3_000;
  const critic = ledger.find(({ agent, turn }) => agent === "critic" && turn === 2);
  expect(critic?.at).toBeGreaterThanOrEqual(heldUntil);
  // Nobody of the account has called in the meantime, and nobody was refused again.
  const later = ledger.filter(({ n }) => n > (refused?.n ?? 0));
  expect(later.filter(({ at, agent, turn }) => at < heldUntil && `${agent} ${turn}` !== "critic 1")).toEqual(
    [],
  );
  expect(ledger.filter(({ status }) => status === 429)).toHaveLength(1);
});

test("every message delivered twice: one outcome, and no turn is paid twice", async () => {
  const { target, host } = await open({ faults: { duplicateMessages: true } });
  for (const script of ["quick", "nested", "two-handoffs", "transfer"]) {
    expect((await target.run(`[[${script}]] Twice`)).status, script).toBe("SUCCEEDED");
  }
  const conversations = (host.modelServer?.ledger() ?? []).map(
    ({ conversation, turn }) => `${conversation} ${turn}`,
  );
  expect(new Set(conversations).size).toBe(conversations.length);
});

test("all hints lost: the sweeper finishes the run", async () => {
  const { target } = await open({ faults: { dropHints: true } });
  const view = await target.run("[[quick]] Without hints", {}, 45_000);
  expect(view.status).toBe("SUCCEEDED");
  expect(view.usage.calls).toBe(4);
});

test("a coordinator killed over and over loses nothing", async () => {
  const { target, host } = await open();
  const ids = await Promise.all(
    Array.from({ length: 5 }, (_, n) => target.start(`[[standard]] Number ${n}`)),
  );
  const killed = new Set<number>();
  const another = () =>
    host.agents().find(({ function: name, pid }) => name === "coordinator" && !killed.has(pid));
  while (killed.size < 4) {
    await eventually(() => another() !== undefined, "there is another coordinator to kill");
    const { pid } = another() ?? { pid: 0 };
    if (host.kill(pid)) killed.add(pid);
  }
  for (const id of ids) expect((await target.end(id, 50_000)).status).toBe("SUCCEEDED");
});

test("three agents with three keys: the provider sees each agent's own and no other", async () => {
  const provider = await open();
  const url = provider.host.modelServer?.url ?? "";
  const keys = { coder: "key-of-coder-aaaa", planner: "key-of-planner-bbbb", critic: "key-of-critic-cccc" };
  const { target, host: second } = await openHost({
    env: {
      ANTHROPIC_BASE_URL: url,
      BULKHEAD_CODER_API_KEY: keys.coder,
      BULKHEAD_PLANNER_API_KEY: keys.planner,
      BULKHEAD_CRITIC_API_KEY: keys.critic,
    },
  });
  try {
    expect(second.scripted).toBe(false);
    expect((await target.run("[[quick]] With keys")).status).toBe("SUCCEEDED");
    const seen = new Set(
      (provider.host.modelServer?.ledger() ?? []).map(({ agent, keyEnd }) => `${agent} ${keyEnd}`),
    );
    expect([...seen].sort()).toEqual(["coder aaaa", "critic cccc", "planner bbbb"]);
  } finally {
    await second.stop();
  }
});

describe("the table emulator instead of SQLite", () => {
  test("the same flow on dynalite", async () => {
    const { target } = await open({ store: "dynalite" });
    expect((await target.run("[[quick]] On dynalite")).status).toBe("SUCCEEDED");
    expect((await target.run("[[standard]] On dynalite", {}, 60_000)).status).toBe("SUCCEEDED");
  });
});

test("what is kept in a data folder is there after a restart, and open executions go on", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "bulkhead-data-"));
  folders.push(dataDir);
  const first = await open({ dataDir });
  const done = await first.target.run("[[quick]] Before");
  const running = await first.target.start("[[slow-planner ms=1000]] Over a restart");
  await first.target.until(running, ({ tasks }) => tasks.length === 3);
  await first.host.stop();
  const second = await open({ dataDir });
  expect((await second.target.get(done.executionId)).output).toBe(done.output);
  expect((await second.target.end(running)).status).toBe("SUCCEEDED");
});
