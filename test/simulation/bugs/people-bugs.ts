import type { PlantedBug } from "./planted-bug.ts";

export const PEOPLE_BUGS: readonly PlantedBug[] = [
  {
    name: "a tool that requires approval is run without asking",
    rule: "approval",
    needsNewSeed: true,
    patches: [
      {
        file: "functions/shared/agent/question.ts",
        find: "if (prepared.needsApproval !== true) return undefined;",
        replace: "if (prepared.needsApproval !== undefined) return undefined;",
      },
    ],
  },
  {
    name: "a rejected call is run",
    rule: "approval",
    needsNewSeed: true,
    patches: [
      {
        file: "functions/shared/agent/decisions.ts",
        find: '    case "rejected":',
        replace: '    case "rejected":\n      return { kind: "run" };',
      },
    ],
  },
  {
    name: "an approval stands for a call of another turn",
    rule: "approval",
    needsNewSeed: true,
    patches: [
      {
        file: "functions/shared/agent/decisions.ts",
        find: "const keyOf = (turn: number, callId: string): string =>",
        replace: "const keyOf = (_: number, callId: string): string => callId.slice(-1) ||",
      },
    ],
  },
  {
    name: "a question is answered twice",
    rule: "P1",
    needsNewSeed: true,
    patches: [
      {
        file: "functions/api/answer-question.ts",
        find: 'when: [{ path: ["status"], is: "equal", value: "SCHEDULED" }],',
        replace: "when: [],",
      },
    ],
  },
  {
    name: "an answer is told before it is stored",
    rule: "P8",
    needsNewSeed: true,
    patches: [
      {
        file: "functions/api/answer-question.ts",
        find: "  const { answered, isRepeated } = await store(ports, given, question, record, answer);",
        replace:
          "  await tell(ports, given, question);\n  const { answered, isRepeated } = await store(ports, given, question, record, answer);",
      },
    ],
  },
  {
    name: "an open question is never looked at again",
    rule: "P10",
    needsNewSeed: true,
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
];
