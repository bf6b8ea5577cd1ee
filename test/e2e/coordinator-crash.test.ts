import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { openHost } from "../support/open-target.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

/** Embedded host only: the coordinator of a copy of the repository kills itself. */

/** After each commit that left commands in the outbox, once: the process dies before it drains them. */
const dyingCoordinator = (markers: string): string => `
import { existsSync, writeFileSync } from "node:fs";
import { createCoordinatorHandler } from "../shared/entry/coordinator-handler.ts";
import { createReconciler } from "./reconcile.ts";

export const handler = createCoordinatorHandler((ports) => {
  const { store } = ports;
  const update = async (key, change) => {
    const written = await store.update(key, change);
    const version = change.set?.find(([path]) => path[0] === "version")?.[1];
    const leavesCommands = change.set?.some(([path]) => path[0] === "outbox") === true;
    const marker = ${JSON.stringify(markers)} + "/died-after-" + version;
    if (written === "applied" && leavesCommands && !existsSync(marker)) {
      writeFileSync(marker, "");
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => {});
    }
    return written;
  };
  return createReconciler({ ...ports, store: Object.assign(Object.create(store), { update }) });
});
`;

test("a coordinator that dies between each commit and its drain finishes the run all the same", async () => {
  const copy = new RepositoryCopy();
  copy.write("functions/coordinator/handler.ts", dyingCoordinator(copy.root));
  const { target, host } = await openHost({ root: copy.root });
  try {
    const view = await target.run("[[quick]] Over three graves", {}, 50_000);
    expect(view.status).toBe("SUCCEEDED");
    // Start, handoff and resume at least; a message sent anew is one more.
    const deaths = readdirSync(copy.root).filter((name) => name.startsWith("died-after-"));
    expect(deaths.length).toBeGreaterThanOrEqual(3);
    const turns = (host.modelServer?.ledger() ?? []).map(({ agent, turn }) => `${agent} ${turn}`).sort();
    expect(turns).toEqual(["coder 1", "coder 2", "critic 1", "planner 1"]);
  } finally {
    await host.stop();
    copy.remove();
  }
});
