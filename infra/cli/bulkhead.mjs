// The launcher is plain JavaScript on purpose: an old Node cannot read TypeScript, and must
// still get as far as the sentence below. Nothing here may be younger than Node 16.

/** The first Node that runs `.ts` files and has everything this project uses. */
const NODE_NEEDED = 24;

const running = process.versions.node;
if (Number(running.split(".")[0]) < NODE_NEEDED) {
  console.error(
    `bulkhead: Node ${NODE_NEEDED} or newer is needed, this is Node ${running}; ` +
      "`npm ci` installs one beside the project, and `npm run bulkhead` uses it (not with --ignore-scripts)",
  );
  process.exitCode = 2;
} else {
  const { runProcess } = await import("./main.ts");
  await runProcess();
}
