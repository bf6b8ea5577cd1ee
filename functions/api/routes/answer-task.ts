import { createRoute, z } from "@hono/zod-openapi";
import { AnswerBody, AnswerReceipt } from "../../shared/contracts/question.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import { parseAnswer } from "../answer-body.ts";
import { answerQuestion } from "../answer-question.ts";
import type { ApiApp } from "../api-app.ts";
import { callerOf } from "../caller.ts";
import { refusals } from "../documentation.ts";
import { readJsonBody } from "../read-body.ts";
import { taskParams } from "../request-fields.ts";
import { timestamp } from "../views/timestamp.ts";

const content = { "application/json": { schema: AnswerReceipt } };

const route = createRoute({
  method: "post",
  path: "/executions/{id}/tasks/{n}/answer",
  operationId: "answerTask",
  summary: "Answer a question that an agent asks a person",
  description:
    "`n` is the question's task as `questions` of the execution names it, or the task that asks, when exactly one of its questions is open. A question is answered once; the same answer again is accepted and changes nothing. An answer that crosses a deadline or a stop is recorded, and comes too late.",
  request: {
    params: taskParams,
    query: z.strictObject({}),
    // A plain schema: the library's own parser would lose duplicate keys and positions before we see them.
    body: {
      required: true,
      content: {
        "application/json": {
          schema: { $ref: "#/components/schemas/AnswerBody" },
          examples: {
            approve: { value: { decision: "approve" } },
            reject: { value: { decision: "reject", reason: "Not before the backup is done." } },
            text: { value: { text: "Use the managed database." } },
          },
        },
      },
    },
  },
  responses: {
    200: { description: "The same answer is recorded already.", content },
    202: { description: "The answer is recorded.", content },
    ...refusals(
      "INVALID_ID",
      "OUT_OF_RANGE",
      "EXECUTION_NOT_FOUND",
      "TASK_NOT_FOUND",
      "NOT_A_QUESTION",
      "AMBIGUOUS_QUESTION",
      "INVALID_ANSWER",
      "ALREADY_ANSWERED",
      "QUESTION_CLOSED",
      "INVALID_JSON",
      "INVALID_BODY",
      "BODY_REQUIRED",
      "DUPLICATE_KEY",
      "FORBIDDEN_KEY",
      "TOO_DEEP",
      "INPUT_TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
      "STATE_UNREADABLE",
    ),
  },
});

export const answerTask = (app: ApiApp, ports: ApiPorts): void => {
  // Made anew: the library teaches only schemas made after its import to be registered.
  app.openAPIRegistry.register("AnswerBody", z.union(AnswerBody.options));
  app.openapi(route, async (c) => {
    const { id, n } = c.req.valid("param");
    const { tenant } = c.var;
    const body = parseAnswer(await readJsonBody(c.req.raw));
    const caller = callerOf(c.env?.requestContext);
    const { task, answeredAt, isRepeated } = await answerQuestion(ports, { id, tenant, caller, n, body });
    return c.json({ executionId: id, task, answeredAt: timestamp(answeredAt) }, isRepeated ? 200 : 202);
  });
};
