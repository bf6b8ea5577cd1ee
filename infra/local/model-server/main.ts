import { parseArgs } from "node:util";
import { createModelServer } from "./server.ts";

// The scripted model server as a process of its own: it prints one line when it is ready.
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4180" },
    /** 0.0.0.0 in a container, whose network decides who can ask. */
    host: { type: "string", default: "127.0.0.1" },
    latency: { type: "string", default: "0" },
    ledger: { type: "string" },
  },
});

const server = await createModelServer({
  port: Number(values.port),
  host: values.host,
  latencyMs: Number(values.latency),
  ...(values.ledger === undefined ? {} : { ledgerFile: values.ledger }),
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
console.log(`ready ${server.url}`);
