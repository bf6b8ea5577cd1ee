import { inFunctions, type PlantedBug } from "./planted-bug.ts";

/** How an execution begins. */
export const REQUEST_BUGS: readonly PlantedBug[] = [
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
  inFunctions(
    "the hint goes out before the execution exists",
    "P2",
    "api/create-execution.ts",
    "  const stored = await toValue(ports.blobs, id, input, {",
    "  await hint(ports, id, tenant);\n  const stored = await toValue(ports.blobs, id, input, {",
  ),
  inFunctions(
    "an idempotency key starts one execution per request",
    "P2",
    "api/routes/start-execution.ts",
    "return executionIdOfKey(tenant, key);",
    "return newExecutionId(clock.now(), random);",
  ),
  inFunctions(
    "an execution is accepted that was not written",
    "P2",
    "api/create-execution.ts",
    "const written = await ports.store.create({ ...newStateItem(state, createdAt), bodyHash });",
    'const written = (await Promise.race([ports.store.create({ ...newStateItem(state, createdAt), bodyHash }).catch(() => "applied"), Promise.resolve("applied")])) as string;',
  ),
];
