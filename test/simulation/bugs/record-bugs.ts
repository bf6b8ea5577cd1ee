import { inCoordinator, type PlantedBug } from "./planted-bug.ts";

/** What the coordinator writes into a task's record, and believes of it: attempts, epochs, answers. */
export const RECORD_BUGS: readonly PlantedBug[] = [
  inCoordinator(
    "a late report of a former attempt is accepted",
    "P1",
    "core/decide.ts",
    '("attempt" in fact && fact.attempt !== task.attempt)',
    "false",
  ),
  inCoordinator(
    "a resume does not look whether the record is suspended",
    "P1",
    "carry-out.ts",
    '{ path: ["status"], is: "equal", value: "SUSPENDED" },',
    "",
  ),
  inCoordinator(
    "a retry does not look whether the record has failed",
    "P1",
    "carry-out.ts",
    `      { path: ["status"], is: "equal", value: "FAILED" },
      { path: ["attempt"], is: "equal", value: task.attempt - 1 },`,
    "",
  ),
  inCoordinator(
    "a retry keeps the epoch",
    "P1",
    "carry-out.ts",
    `    add: [
      [["epoch"], 1],
      [["version"], 1],
    ],
    remove: [["claim"], ["failure"]],`,
    `    add: [[["version"], 1]],
    remove: [["claim"], ["failure"]],`,
  ),
  inCoordinator(
    "crashes of one attempt count for the next",
    "P7",
    "carry-out.ts",
    '      [["crashes"], 0],',
    "",
  ),
  inCoordinator(
    "a retry throws the answers away",
    "P14",
    "carry-out.ts",
    'remove: [["claim"], ["failure"]],',
    'remove: [["claim"], ["failure"], ["answers"]],',
  ),
];
