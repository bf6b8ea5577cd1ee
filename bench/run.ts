/**
 * `npm run bench [PATTERN]`: this project beside its peers, same work, same harness, one run.
 * The harness is a folder of its own; BULKHEAD_PEERS says where (default: ../shared/peers).
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const peers = resolve(process.env["BULKHEAD_PEERS"] ?? resolve(here, "../../shared/peers"));
const pattern = process.argv[2] ?? "inproc|restate|ours";

if (!existsSync(resolve(peers, "bench.sh"))) {
  console.error(`bench: no bench.sh in ${peers}; set BULKHEAD_PEERS to the folder of the peers' harness`);
  process.exit(2);
}
const { status } = spawnSync("bash", [resolve(peers, "bench.sh"), pattern], {
  stdio: "inherit",
  env: {
    ...process.env,
    OURS: resolve(here, "ours"),
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  },
});
process.exit(status ?? 1);
