import { z } from "zod";
import { AgentName, ExecutionId, TaskNumber } from "./ids.ts";
import { Timestamp } from "./timestamp.ts";

/** What an agent asks a person. A text that has `…Bytes` is only its beginning; the task's view has it whole. */
export const QuestionView = z
  .object({
    /** The task to answer. */
    task: TaskNumber,
    /** The task that asks, and its agent. */
    requester: TaskNumber,
    agent: AgentName,
    /** `approval`: a tool call waits for it. `question`: a text answers it. */
    kind: z.enum(["approval", "question"]),
    question: z.string(),
    questionBytes: z.int().optional(),
    context: z.string().optional(),
    contextBytes: z.int().optional(),
    /** Answers to choose from; another one may be given. */
    options: z.array(z.string()).optional(),
    /** Of an approval: the tool, and its arguments as the model gave them, JSON. */
    tool: z.string().optional(),
    input: z.string().optional(),
    inputBytes: z.int().optional(),
    askedAt: Timestamp,
    /** From then on the agent goes on without an answer, or the execution has ended. */
    expiresAt: Timestamp,
  })
  .meta({ id: "QuestionView" });
export type QuestionView = z.infer<typeof QuestionView>;

/** A person's answer: a decision on an approval, or the text that a question asks for. */
export const AnswerBody = z
  .union([
    z.strictObject({ decision: z.literal("approve") }),
    z.strictObject({ decision: z.literal("reject"), reason: z.string().min(1) }),
    z.strictObject({ text: z.string().min(1) }),
  ])
  .meta({ id: "AnswerBody" });
export type AnswerBody = z.infer<typeof AnswerBody>;

export const AnswerReceipt = z
  .object({
    executionId: ExecutionId,
    /** The question's task. */
    task: TaskNumber,
    answeredAt: Timestamp,
  })
  .meta({ id: "AnswerReceipt" });
export type AnswerReceipt = z.infer<typeof AnswerReceipt>;
