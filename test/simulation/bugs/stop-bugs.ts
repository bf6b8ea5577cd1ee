import { inAgent, inCoordinator, inFunctions, type PlantedBug } from "./planted-bug.ts";

/** A stop on its way: to the permit, to all that is open, and back as a stop. */
export const STOP_BUGS: readonly PlantedBug[] = [
  inCoordinator(
    "a stop that was obeyed is a failure",
    "P3",
    "core/fact-order.ts",
    '=> failure.name === "Aborted";',
    '=> failure.name === "Obeyed";',
  ),
  inCoordinator(
    "given-up branches may go on spending",
    "P3",
    "core/ending.ts",
    `  draft.stopTasks(
    open.map((task) => task.n),
    causeOf(end),
  );`,
    "",
  ),
  inCoordinator(
    "an ended execution's open tasks may go on spending",
    "P3",
    "core/ending.ts",
    'if (open.length > 0 && permit === "stop") draft.stopExecution(causeOf(taskEnd));',
    "",
  ),
  inCoordinator(
    "stops of branches are dropped",
    "P3",
    "carry-out.ts",
    "return stopTasks(ports, assignment, command.tasks, { at, cause: command.cause });",
    "return;",
  ),
  inFunctions(
    "a stop is written into STATE's place and not the permit's",
    "P3",
    "api/routes/stop-execution.ts",
    "await ports.store.update(permitKey(id), {",
    'await ports.store.update({ pk: permitKey(id).pk.replace("PERMIT", "EXE"), sk: "STATE" }, {',
  ),
  inAgent(
    "a stop is ignored when money is asked for",
    "P3",
    "permit.ts",
    `          { path: ["stopped"], is: "missing" },
          { path: ["stops", this.#n], is: "missing" },`,
    "",
  ),
];
