import { z } from "@hono/zod-openapi";
import { LIMITS } from "../shared/contracts/limits.ts";
import { AnswerBody } from "../shared/contracts/question.ts";
import { scrubbed } from "./input-text.ts";
import { ApiProblem } from "./problems.ts";
import { bodyProblem } from "./request-fields.ts";

/** Every field that one of the three forms has; which go together is said in words of its own. */
const Fields = z.strictObject({
  decision: z.enum(["approve", "reject"]).optional(),
  reason: z.string().optional(),
  text: z.string().optional(),
});
const NAMES = Object.keys(Fields.shape);
const FORMS = '{"decision": "approve"}, {"decision": "reject", "reason": "…"} or {"text": "…"}';

/** The body of an answer, scrubbed as any input is. Throws ApiProblem. */
export const parseAnswer = (value: unknown): AnswerBody => {
  const fields = Fields.safeParse(value);
  if (!fields.success) throw bodyProblem(fields.error, value, NAMES);
  const body = AnswerBody.safeParse(value);
  if (!body.success) throw new ApiProblem("INVALID_ANSWER", `an answer is one of ${FORMS}`);
  const answer = body.data;
  if ("text" in answer) return { text: accept("text", answer.text, LIMITS.humanTextBytesMax) };
  if (answer.decision === "approve") return answer;
  return { ...answer, reason: accept("reason", answer.reason, LIMITS.rejectReasonBytesMax) };
};

const accept = (path: "text" | "reason", raw: string, bytesMax: number): string => {
  const text = scrubbed(raw);
  const bytes = Buffer.byteLength(text);
  if (text.trim() !== "" && bytes <= bytesMax) return text;
  const detail = `${path} must be 1 to ${bytesMax} bytes of UTF-8 and more than white space; got ${bytes} bytes`;
  throw new ApiProblem("INVALID_ANSWER", detail, { path });
};
