// A host as a process of its own, for tests that kill it: options as JSON in, one JSON line out.
import { type HostOptions, startHost } from "../../../infra/local/host.ts";

const host = await startHost(JSON.parse(process.argv[2] ?? "{}") as HostOptions);
process.on("SIGTERM", () => {
  void host.stop().then(() => process.exit(0));
});
process.stdout.write(`${JSON.stringify({ url: host.url, pids: host.agents().map(({ pid }) => pid) })}\n`);
