import type { PlantedBug } from "./planted-bug.ts";

const bug = (name: string, rule: string, file: string, find: string, replace: string): PlantedBug => ({
  name,
  rule,
  patches: [{ file: `functions/${file}`, find, replace }],
});

export const OTHER_BUGS: readonly PlantedBug[] = [
  bug(
    "the sweeper sends nothing",
    "P11",
    "sweeper/sweep.ts",
    '.map((executionId) => queues.sendHint({ v: 1, kind: "look", executionId })),',
    ".map(async () => {}),",
  ),
  {
    name: "an execution exists before its permit",
    rule: "P2",
    patches: [
      {
        file: "functions/api/create-execution.ts",
        find: "const permitted = await ports.store.create(permit);",
        replace: 'const permitted = "applied" as string;',
      },
      {
        file: "functions/api/create-execution.ts",
        find: '  if (written === "refused") {',
        replace: '  await ports.store.create(permit);\n  if (written === "refused") {',
      },
    ],
  },
  bug(
    "the hint goes out before the execution exists",
    "P2",
    "api/create-execution.ts",
    "  const stored = await toValue(ports.blobs, id, input, {",
    "  await hint(ports, id, tenant);\n  const stored = await toValue(ports.blobs, id, input, {",
  ),
  bug(
    "an idempotency key starts one execution per request",
    "P2",
    "api/routes/start-execution.ts",
    "return executionIdOfKey(tenant, key);",
    "return newExecutionId(clock.now(), random);",
  ),
  bug(
    "an execution is accepted that was not written",
    "P2",
    "api/create-execution.ts",
    "const written = await ports.store.create({ ...newStateItem(state, createdAt), bodyHash });",
    'const written = (await Promise.race([ports.store.create({ ...newStateItem(state, createdAt), bodyHash }).catch(() => "applied"), Promise.resolve("applied")])) as string;',
  ),
  bug(
    "a stop is written into STATE's place and not the permit's",
    "P3",
    "api/routes/stop-execution.ts",
    "await ports.store.update(permitKey(id), {",
    'await ports.store.update({ pk: permitKey(id).pk.replace("PERMIT", "EXE"), sk: "STATE" }, {',
  ),
  bug(
    "a failure says what was thrown",
    "secrets",
    "shared/kernel/errors.ts",
    "; the function's log has the details` };",
    " ` + String(error) };",
  ),
];
