import { inAgent, inFunctions, inNewWorlds, type PlantedBug } from "./planted-bug.ts";

/** What people are asked, answer and allow; only worlds of new seeds have people. */
export const PEOPLE_BUGS: readonly PlantedBug[] = [
  inAgent(
    "a tool that requires approval is run without asking",
    "approval",
    "question.ts",
    "if (prepared.needsApproval !== true) return undefined;",
    "if (prepared.needsApproval !== undefined) return undefined;",
  ),
  inAgent(
    "a rejected call is run",
    "approval",
    "decisions.ts",
    '    case "rejected":',
    '    case "rejected":\n      return { kind: "run" };',
  ),
  inAgent(
    "an approval stands for a call of another turn",
    "approval",
    "decisions.ts",
    "const keyOf = (turn: number, callId: string): string =>",
    "const keyOf = (_: number, callId: string): string => callId.slice(-1) ||",
  ),
  inFunctions(
    "a question is answered twice",
    "P1",
    "api/answer-question.ts",
    'when: [{ path: ["status"], is: "equal", value: "SCHEDULED" }],',
    "when: [],",
  ),
  inFunctions(
    "an answer is told before it is stored",
    "P8",
    "api/answer-question.ts",
    "  const { answered, isRepeated } = await store(ports, given, question, record, answer);",
    "  await tell(ports, given, question);\n  const { answered, isRepeated } = await store(ports, given, question, record, answer);",
  ),
  {
    name: "an open question is never looked at again",
    rule: "P10",
    patches: [
      {
        file: "functions/coordinator/core/checks.ts",
        find: "else if (isHuman(task.agent)) draft.check(task.n, next);",
        replace: "else if (isHuman(task.agent)) draft.check(task.n, { ...next, at: now + 1e9 });",
      },
      {
        file: "functions/api/answer-question.ts",
        find: 'if (question.task.status === "SCHEDULED") await tell(ports, given, question);',
        replace: 'if (question.task.status === "ABORTED") await tell(ports, given, question);',
      },
    ],
  },
].map(inNewWorlds);
