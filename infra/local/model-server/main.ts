import { misused, scriptOptions, wholeNumber } from "../../script-options.ts";
import { toHostError } from "../host-error.ts";
import { createModelServer } from "./server.ts";

// The scripted model server as a process of its own: it prints one line when it is ready.
const USAGE =
  "node infra/local/model-server/main.ts [--port N] [--host ADDRESS] [--latency MS] [--ledger FILE]";
const { values } = scriptOptions(USAGE, {
  options: {
    port: { type: "string", default: "4180" },
    /** 0.0.0.0 in a container, whose network decides who can ask. */
    host: { type: "string", default: "127.0.0.1" },
    latency: { type: "string", default: "0" },
    ledger: { type: "string" },
  },
});

const port = wholeNumber(USAGE, "port", values.port);
const server = await createModelServer({
  port,
  host: values.host,
  latencyMs: wholeNumber(USAGE, "latency", values.latency),
  ...(values.ledger === undefined ? {} : { ledgerFile: values.ledger }),
}).catch((error: unknown) => misused(USAGE, toHostError(error, `port ${port}`).message));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
console.log(`ready ${server.url}`);
