import { inAgent, type PlantedBug } from "./planted-bug.ts";

/** Who owns a task, for how long, and who may take it over. */
export const CLAIM_BUGS: readonly PlantedBug[] = [
  inAgent(
    "there is no lease",
    "P7",
    "claim.ts",
    "if (record.claim !== undefined && record.claim.leaseUntil + ports.times.stealMarginMs > now) {",
    "if (record.claim !== undefined && record.claim.leaseUntil < 0) {",
  ),
  inAgent(
    "a lease is stolen without a margin",
    "P7",
    "claim.ts",
    "record.claim.leaseUntil + ports.times.stealMarginMs > now",
    "record.claim.leaseUntil > now",
  ),
  inAgent(
    "a claim compares the epoch only",
    "P7",
    "claim.ts",
    '{ path: ["version"], is: "equal", value: record.version },',
    '{ path: ["epoch"], is: "equal", value: record.epoch },',
  ),
  inAgent(
    "a claim does not raise the epoch",
    "P7",
    "claim.ts",
    '          [["epoch"], record.epoch + 1],',
    '          [["epoch"], record.epoch],',
  ),
  inAgent(
    "progress does not make crashes good",
    "P7",
    "claim.ts",
    "const crashes = progress !== record.progress ? 0 : record.crashes",
    'const crashes = progress === "" ? 0 : record.crashes',
  ),
  inAgent(
    "a task that kills its function does so for ever",
    "P7",
    "claim.ts",
    "isCrashLoop: task.record.crashes >= LIMITS.crashesMax,",
    "isCrashLoop: false,",
  ),
  inAgent(
    "a message is acknowledged although its own lease is busy",
    "P13",
    "claim.ts",
    'if (claim.messageId !== delivery.messageId) return "done";',
    'return "done";',
  ),
  inAgent(
    "an owner's writes are not fenced",
    "P1",
    "claim.ts",
    `  { path: ["epoch"], is: "equal", value: epoch },
  { path: ["claim", "owner"], is: "equal", value: owner },`,
    "",
  ),
  inAgent("the heart does not beat", "P7", "heartbeat.ts", "      await this.#beat();", ""),
  inAgent(
    "a task that waits does not say how long",
    "P10",
    "claim.ts",
    'set: delaySeconds === 0 ? [] : [[["waitsUntil"], waitsUntil]],',
    'set: delaySeconds === 0 || waitsUntil > 0 ? [] : [[["waitsUntil"], waitsUntil]],',
  ),
];
