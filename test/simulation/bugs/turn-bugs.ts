import { inAgent, inNewWorlds, type PlantedBug } from "./planted-bug.ts";

/** What a task has said and done already, as the model and the tools see it. */
export const TURN_BUGS: readonly PlantedBug[] = [
  inAgent(
    "a turn is not saved",
    "P6",
    "take-turn.ts",
    "    const written = await orUnsure(store.create({ ...key, ...record, expiresAt }));",
    '    const written = "applied" as "applied" | "refused";',
  ),
  inAgent(
    "who loses the race for a turn goes on with its own",
    "P6",
    "take-turn.ts",
    'const stored = written === "applied" ? record : await store.get(key);',
    "const stored = record;",
  ),
  inNewWorlds(
    inAgent(
      "notes are not read back",
      "P14",
      "saved-turn.ts",
      "record.notes?.restart === undefined ? undefined : readValue(blobs, record.notes.restart),",
      "undefined,",
    ),
  ),
  inNewWorlds(
    inAgent(
      "what was cut is taken for notes",
      "P14",
      "compaction.ts",
      "toolUses: content.filter(isToolUse), record: { stopReason } });",
      'toolUses: content.filter(isToolUse), record: { stopReason: stopReason === "max_tokens" ? "end_turn" : stopReason } });',
    ),
  ),
  inNewWorlds(
    inAgent(
      "the request is forgotten with its conversation",
      "P14",
      "transcript.ts",
      "const texts = [this.#request, this.#restart];",
      "const texts = [this.#restart];",
    ),
  ),
  inAgent(
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
  inAgent(
    "a stored result is overwritten",
    "P6",
    "record-call.ts",
    'when: [{ path: ["status"], is: "equal", value: "started" }],',
    "when: [],",
  ),
  inAgent(
    "a deploy changes what running tasks are told",
    "P14",
    "snapshot.ts",
    "first === undefined ? freshSnapshot(source) : storedSnapshot(first, source.ports.blobs);",
    "freshSnapshot(source);",
  ),
  inAgent(
    "answers are forgotten once a turn was given them",
    "P14",
    "transcript.ts",
    "    this.giveResults(given);\n    this.#saved.push(turn.record);",
    "    this.#saved.push(turn.record);",
  ),
  inAgent(
    "a cut message is said again by the next attempt",
    "P14",
    "transcript.ts",
    "} else if (isOfThisAttempt || !endsAttempt(turn)) {",
    "} else {",
  ),
];
