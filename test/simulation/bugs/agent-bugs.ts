import type { PlantedBug } from "./planted-bug.ts";

const bug = (name: string, rule: string, file: string, find: string, replace: string): PlantedBug => ({
  name,
  rule,
  patches: [{ file: `functions/shared/agent/${file}`, find, replace }],
});

/** Only there a conversation becomes too long. */
const inNewWorlds = (planted: PlantedBug): PlantedBug => ({ ...planted, needsNewSeed: true });

export const AGENT_BUGS: readonly PlantedBug[] = [
  bug(
    "a result is not announced again",
    "P8",
    "standalone-agent.ts",
    "        return this.#tellAgain(claimed.task);",
    '        return "done";',
  ),
  bug(
    "there is no lease",
    "P7",
    "claim.ts",
    "if (record.claim !== undefined && record.claim.leaseUntil + ports.times.stealMarginMs > now) {",
    "if (record.claim !== undefined && record.claim.leaseUntil < 0) {",
  ),
  bug(
    "a lease is stolen without a margin",
    "P7",
    "claim.ts",
    "record.claim.leaseUntil + ports.times.stealMarginMs > now",
    "record.claim.leaseUntil > now",
  ),
  bug(
    "a claim compares the epoch only",
    "P7",
    "claim.ts",
    '{ path: ["version"], is: "equal", value: record.version },',
    '{ path: ["epoch"], is: "equal", value: record.epoch },',
  ),
  bug(
    "a claim does not raise the epoch",
    "P7",
    "claim.ts",
    '          [["epoch"], record.epoch + 1],',
    '          [["epoch"], record.epoch],',
  ),
  bug(
    "progress does not make crashes good",
    "P7",
    "claim.ts",
    "const crashes = progress !== record.progress ? 0 : record.crashes",
    'const crashes = progress === "" ? 0 : record.crashes',
  ),
  bug(
    "a task that kills its function does so for ever",
    "P7",
    "claim.ts",
    "isCrashLoop: task.record.crashes >= LIMITS.crashesMax,",
    "isCrashLoop: false,",
  ),
  bug(
    "a message is acknowledged although its own lease is busy",
    "P13",
    "claim.ts",
    'if (claim.messageId !== delivery.messageId) return "done";',
    'return "done";',
  ),
  bug(
    "an owner's writes are not fenced",
    "P1",
    "claim.ts",
    `  { path: ["epoch"], is: "equal", value: epoch },
  { path: ["claim", "owner"], is: "equal", value: owner },`,
    "",
  ),
  bug("the heart does not beat", "P7", "heartbeat.ts", "      await this.#beat();", ""),
  bug(
    "a message is acknowledged before its task is worked on",
    "P8",
    "standalone-agent.ts",
    "        return this.#workOn(claimed.held, delivery, invocation);",
    '        return Promise.race([this.#workOn(claimed.held, delivery, invocation), Promise.resolve("done" as const)]);',
  ),
  bug(
    "an outcome is told before it is stored",
    "P8",
    "conclude.ts",
    "  const [first] = await Promise.all([orUnsure(write()), run.permit.settle()]);",
    "  await tell(run.ports, record);\n  const [first] = await Promise.all([orUnsure(write()), run.permit.settle()]);",
  ),
  bug(
    "an outcome that was refused is told",
    "P8",
    "conclude.ts",
    '  if (written === "refused") {\n    run.ports.log.warn',
    '  if (written === ("never" as string)) {\n    run.ports.log.warn',
  ),
  bug(
    "a message is acknowledged although nobody was told",
    "P8",
    "conclude.ts",
    "    // The outcome is stored; the message comes back and tells again.\n    return LOOK_AGAIN;",
    '    return "done";',
  ),
  bug(
    "a task is handed on while it is still claimed",
    "P13",
    "conclude.ts",
    "  const [written] = await Promise.all([releaseClaim(run.ports, run.held, delaySeconds), run.permit.settle()]);",
    `  if (delaySeconds === 0) await run.ports.queues.sendWork(run.held.task.record.agent, { v: 1, kind: "work", taskId: run.held.task.record.taskId });
  const [written] = await Promise.all([releaseClaim(run.ports, run.held), run.permit.settle()]);`,
  ),
  bug(
    "a turn is not saved",
    "P6",
    "take-turn.ts",
    "    const written = await orUnsure(store.create({ ...key, ...record, expiresAt }));",
    '    const written = "applied" as "applied" | "refused";',
  ),
  bug(
    "who loses the race for a turn goes on with its own",
    "P6",
    "take-turn.ts",
    'const stored = written === "applied" ? record : await store.get(key);',
    "const stored = record;",
  ),
  bug(
    "money is asked for after it was spent",
    "P4",
    "take-turn.ts",
    `    const reserved = await reserve(run, n, attempt, purpose);
    if (reserved === "wait") {
      // L3: it would be counted again with each return, until those who can call find the minute full.
      await run.limiter.giveBack();
      return { kind: "waits", seconds: budgetWaitSeconds(run) };
    }
    const said = await callModel(run, reserved, attempt);`,
    `    const said = await callModel(run, requestOf(run, purpose), attempt);
    if ((await reserve(run, n, attempt, purpose)) === "wait") {
      await run.limiter.giveBack();
      return { kind: "waits", seconds: budgetWaitSeconds(run) };
    }`,
  ),
  bug(
    "a stop is ignored when money is asked for",
    "P3",
    "permit.ts",
    `          { path: ["stopped"], is: "missing" },
          { path: ["stops", this.#n], is: "missing" },`,
    "",
  ),
  bug(
    "the token budget is not kept",
    "P4",
    "budget.ts",
    "      cap === null || cap === undefined ? []",
    '      cap === null || cap === undefined || unit === "tokens" ? []',
  ),
  bug(
    "the call budget is not kept",
    "P4",
    "budget.ts",
    "      cap === null || cap === undefined ? []",
    '      cap === null || cap === undefined || unit === "calls" ? []',
  ),
  bug(
    "a task that waits does not say how long",
    "P10",
    "claim.ts",
    'set: delaySeconds === 0 ? [] : [[["waitsUntil"], waitsUntil]],',
    'set: delaySeconds === 0 || waitsUntil > 0 ? [] : [[["waitsUntil"], waitsUntil]],',
  ),
  inNewWorlds(
    bug(
      "notes are not read back",
      "P14",
      "saved-turn.ts",
      "record.notes?.restart === undefined ? undefined : readValue(blobs, record.notes.restart),",
      "undefined,",
    ),
  ),
  inNewWorlds(
    bug(
      "what was cut is taken for notes",
      "P14",
      "compaction.ts",
      "toolUses: content.filter(isToolUse), record: { stopReason } });",
      'toolUses: content.filter(isToolUse), record: { stopReason: stopReason === "max_tokens" ? "end_turn" : stopReason } });',
    ),
  ),
  inNewWorlds(
    bug(
      "the request is forgotten with its conversation",
      "P14",
      "transcript.ts",
      "const texts = [this.#request, this.#restart];",
      "const texts = [this.#restart];",
    ),
  ),
  bug("an agent's own budget is not kept", "P4", "budget.ts", "...left(own[unit])", "...left(undefined)"),
  bug(
    "a reservation is settled whatever its name",
    "P4",
    "permit.ts",
    'when: [{ path: [...open, "id"], is: "equal", value: reserved.id }],',
    "when: [],",
  ),
  bug(
    "reservations are never given back",
    "P4",
    "permit.ts",
    "    const open = this.#open;\n    if (open === undefined) return;",
    "    const open = this.#open;\n    if (open !== undefined || open === undefined) return;",
  ),
  bug(
    "what a dead owner has reserved counts as unspent",
    "P4",
    "permit.ts",
    '(saved?.usage ?? "presumed"),',
    "(saved?.usage ?? { calls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, microUsd: 0 }),",
  ),
  bug(
    "a dead owner's reservation is waited for for ever",
    "P4",
    "budget.ts",
    "Math.abs(now - at) < LIMITS.reservationMsMax;",
    "now - at < LIMITS.reservationMsMax * now;",
  ),
  bug(
    "a replaced owner may still reserve",
    "P5",
    "permit.ts",
    '          { path: ["epochs", this.#n], is: "missingOrAtMost", value: epoch },',
    "",
  ),
  bug(
    "a takeover reads the turns before its predecessor is fenced",
    "P5",
    "standalone-agent.ts",
    "held: held.isTakeover ? await this.#readBehindFence(held, permit) : held,",
    "held,",
  ),
  bug(
    "an outcome is written without a fence around the purse",
    "P5",
    "conclude.ts",
    "  if (!(await run.permit.fence())) return LOOK_AGAIN;",
    "",
  ),
  bug(
    "an external tool is started again after a crash",
    "P6",
    "run-tool-calls.ts",
    'if (isStartedBefore && tool.effect === "external") return findOut(run, call, prepared.reconcile);',
    "",
  ),
  {
    name: "a finished tool call runs again",
    rule: "P6",
    patches: [
      {
        file: "functions/shared/agent/run-tool-calls.ts",
        find: "const open = calls.filter(({ index }) => run.transcript.resultOf(turn, index) === undefined);",
        replace: 'const open = calls.filter(({ use }) => run.tools.find(use.name)?.kind !== "suspending");',
      },
      {
        file: "functions/shared/agent/run-tool-calls.ts",
        find: "  if (run.transcript.resultOf(turn, index) !== undefined) return;",
        replace: "",
      },
    ],
  },
  bug(
    "a stored result is overwritten",
    "P6",
    "record-call.ts",
    'when: [{ path: ["status"], is: "equal", value: "started" }],',
    "when: [],",
  ),
  bug(
    "a deploy changes what running tasks are told",
    "P14",
    "snapshot.ts",
    "first === undefined ? freshSnapshot(source) : storedSnapshot(first, source.ports.blobs);",
    "freshSnapshot(source);",
  ),
  bug(
    "answers are forgotten once a turn was given them",
    "P14",
    "transcript.ts",
    "    this.giveResults(given);\n    this.#saved.push(turn.record);",
    "    this.#saved.push(turn.record);",
  ),
  bug(
    "a cut message is said again by the next attempt",
    "P14",
    "transcript.ts",
    "} else if (isOfThisAttempt || !endsAttempt(turn)) {",
    "} else {",
  ),
  bug(
    "handoff results are told in another order",
    "join",
    "handoff-results.ts",
    "const shown = branches.map((branch) => showBranch(branch, share));",
    "const shown = branches.toReversed().map((branch) => showBranch(branch, share));",
  ),
  bug(
    "a failed attempt logs what was thrown",
    "secrets",
    "standalone-agent.ts",
    "      code: nameOf(error),\n",
    "      code: String(error),\n",
  ),
];
