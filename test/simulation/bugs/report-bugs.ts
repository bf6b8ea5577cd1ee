import { inAgent, type PlantedBug } from "./planted-bug.ts";

/** An outcome is stored, told, and only then its message acknowledged. */
export const REPORT_BUGS: readonly PlantedBug[] = [
  inAgent(
    "a result is not announced again",
    "P8",
    "standalone-agent.ts",
    "        return this.#tellAgain(claimed.task);",
    '        return "done";',
  ),
  inAgent(
    "a message is acknowledged before its task is worked on",
    "P8",
    "standalone-agent.ts",
    "        return this.#workOn(claimed.held, delivery, invocation);",
    '        return Promise.race([this.#workOn(claimed.held, delivery, invocation), Promise.resolve("done" as const)]);',
  ),
  inAgent(
    "an outcome is told before it is stored",
    "P8",
    "conclude.ts",
    "  const [first] = await Promise.all([orUnsure(write()), run.permit.settle()]);",
    "  await tell(run.ports, record);\n  const [first] = await Promise.all([orUnsure(write()), run.permit.settle()]);",
  ),
  inAgent(
    "an outcome that was refused is told",
    "P8",
    "conclude.ts",
    '  if (written === "refused") {\n    run.ports.log.warn',
    '  if (written === ("never" as string)) {\n    run.ports.log.warn',
  ),
  inAgent(
    "a message is acknowledged although nobody was told",
    "P8",
    "conclude.ts",
    "    // The outcome is stored; the message comes back and tells again.\n    return LOOK_AGAIN;",
    '    return "done";',
  ),
  inAgent(
    "a task is handed on while it is still claimed",
    "P13",
    "conclude.ts",
    "  const [written] = await Promise.all([releaseClaim(run.ports, run.held, delaySeconds), run.permit.settle()]);",
    `  if (delaySeconds === 0) await run.ports.queues.sendWork(run.held.task.record.agent, { v: 1, kind: "work", taskId: run.held.task.record.taskId });
  const [written] = await Promise.all([releaseClaim(run.ports, run.held), run.permit.settle()]);`,
  ),
];
