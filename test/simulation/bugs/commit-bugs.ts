import { inCoordinator, type PlantedBug } from "./planted-bug.ts";

/** What is committed, in which version, and carried out from its outbox. */
export const COMMIT_BUGS: readonly PlantedBug[] = [
  {
    name: "a terminal execution is reopened",
    rule: "P15",
    patches: [
      {
        file: "functions/coordinator/look.ts",
        find: 'if (isTerminal(state)) return { kind: "seen", stored: decoded.stored, facts: [], records: new Map() };',
        replace: "",
      },
      {
        file: "functions/coordinator/core/decide.ts",
        find: "if (isTerminal(state)) return { state, events: [], commands: [], postponed: false };",
        replace: 'if (isTerminal(state)) return decide({ ...state, status: "RUNNING" }, facts, context);',
      },
    ],
  },
  inCoordinator(
    "what was committed is not drained",
    "P9",
    "reconcile.ts",
    "  await drainOutbox(ports, { stored: now, records }, ours);",
    "",
  ),
  inCoordinator(
    "a look that changes nothing drains nothing",
    "P9",
    "reconcile.ts",
    "  await drainOutbox(ports, { stored: now, records }, ours);",
    "  if (decision.state !== stored.state) await drainOutbox(ports, { stored: now, records }, ours);",
  ),
  inCoordinator(
    "a drain clears the outbox wholesale",
    "P9",
    "drain-outbox.ts",
    "const remove = done.map((",
    "const remove = stored.outbox.map((",
  ),
  inCoordinator(
    "work is sent before it is committed",
    "P9",
    "reconcile.ts",
    "  const decision = decide(stored.state, facts, context);",
    `  const decision = decide(stored.state, facts, context);
     for (const command of decision.commands) {
       if (command.type !== "ScheduleTask") continue;
       const agent = decision.state.tasks[command.task - 1]?.agent ?? "";
       await ports.queues.sendWork(agent, { v: 1, kind: "work", taskId: \`\${executionId}.\${command.task}\` });
     }`,
  ),
  inCoordinator(
    "a commit does not compare the version",
    "P15",
    "commit.ts",
    `      ...setCheck(checkAt),
    ],
    remove: removeCheck(checkAt),
    when: [{ path: ["version"], is: "equal", value: stored.version }],`,
    `      ...setCheck(checkAt),
    ],
    remove: removeCheck(checkAt),
    when: [],`,
  ),
  inCoordinator(
    "what another has just committed is drained too",
    "P9",
    "reconcile.ts",
    "      isOursInDoubt ||",
    "      true ||",
  ),
  inCoordinator(
    "what a clock that is ahead has committed is young until that time comes",
    "P9",
    "reconcile.ts",
    "Math.abs(context.now - at) >= times.outboxAgeMs",
    "at + times.outboxAgeMs <= context.now",
  ),
  inCoordinator(
    "a hint is acknowledged although young entries are left",
    "P9",
    "reconcile.ts",
    "  if (ours.length < now.outbox.length) return { returnAfterSeconds: Math.ceil(times.outboxAgeMs / 1000) };",
    "",
  ),
  inCoordinator(
    "full events are dropped instead of moved",
    "P15",
    "commit.ts",
    `  await store.create({
    ...historyKey(state.executionId, first.n),
    events: JSON.stringify(events),
    expiresAt: state.expiresAt,
  });`,
    "",
  ),
  inCoordinator(
    "the state is not what its events say",
    "P15",
    "core/apply-event.ts",
    'handoff.n === event.handoff ? { ...handoff, status: "JOINED" } : handoff,',
    'handoff.requester === event.handoff ? { ...handoff, status: "JOINED" } : handoff,',
  ),
];
