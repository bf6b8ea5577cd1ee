import { scriptOptions } from "../../infra/script-options.ts";
import { connectionsIn } from "./connections.ts";
import { smoke } from "./smoke.ts";

/**
 * `npm run test:live`: asks each provider that there is a key for, for real and for a few cents, what no
 * scripted server can answer: that it takes our requests, its own thinking and tool calls back, and an
 * answer's schema. Says what was skipped and why. Exits with 1 when a provider fails, 0 otherwise.
 */
const main = async (): Promise<void> => {
  scriptOptions("npm run test:live", {}); // a word too many must not cost money
  let hasFailed = false;
  for (const connection of connectionsIn(process.env)) {
    if ("skipped" in connection) {
      console.log(`skipped  ${connection.name}: ${connection.skipped}`);
      continue;
    }
    try {
      console.log(`passed   ${connection.name}: ${await smoke(connection)}`);
    } catch (error) {
      hasFailed = true;
      console.log(`FAILED   ${connection.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  process.exitCode = hasFailed ? 1 : 0;
};

await main();
