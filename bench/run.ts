/**
 * `npm run bench [PATTERN]`: this project beside its peers, same work, same harness, one run.
 * The harness is a folder of its own; BULKHEAD_PEERS says where (default: ../shared/peers).
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { scriptOptions } from "../infra/script-options.ts";

const here = dirname(fileURLToPath(import.meta.url));
const peers = resolve(process.env["BULKHEAD_PEERS"] ?? resolve(here, "../../shared/peers"));
const { positionals } = scriptOptions("npm run bench -- [PATTERN]", { allowPositionals: true });
const [pattern = "inproc|restate|ours"] = positionals;

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
console.log("\nrequests of one standard execution (golden number of test/simulation; it may only fall):");
console.log(
  readFileSync(resolve(here, "../test/golden/standard-requests.json"), "utf8").replaceAll(/\s+/g, " "),
);
process.exit(status ?? 1);
