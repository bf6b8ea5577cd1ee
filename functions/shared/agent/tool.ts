import { z } from "zod";
import type { ToolSchema } from "../contracts/model-message.ts";
import type { Workspace } from "./workspace.ts";

/**
 * What a repetition after a crash may do (P6): `readOnly` and `idempotent` calls are repeated by
 * whoever takes over; an `external` call that was started is never started again.
 */
export type ToolEffect = "readOnly" | "idempotent" | "external";

/** What a running tool may touch: this execution's workspace, and nothing of another agent's. */
export interface ToolContext {
  readonly workspace: Workspace;
  /** Names this call over all its repetitions, so that an effect can be recognised as already there. */
  readonly callId: string;
  /** Aborted when the execution or the task is stopped, or the claim is lost. */
  readonly signal: AbortSignal;
}

/** A tool whose calls run in the agent's own function. */
export interface OrdinaryTool {
  readonly kind: "ordinary";
  readonly name: string;
  readonly effect: ToolEffect;
  readonly schema: ToolSchema;
  /** Checks an input as the model gave it; never throws. A problem names the path at fault. */
  prepare(input: unknown): PreparedCall;
}

/** `run` may throw whatever it likes: a failing tool is an answer, not an exception. */
export type PreparedCall =
  | { readonly ok: true; readonly run: (context: ToolContext) => Promise<string> }
  | { readonly ok: false; readonly problem: string };

/** The one tool that the coordinator carries out: its calls suspend the task. */
export interface SuspendingTool {
  readonly kind: "suspending";
  readonly name: string;
  /** The schema depends on whom this agent may hand off to. */
  schemaFor(peers: readonly { readonly name: string; readonly role: string }[]): ToolSchema;
}

export type Tool = OrdinaryTool | SuspendingTool;

/** A refusal in the tool's own words; the model sees `<code>: <message>` and may do better. */
export class ToolRefusal extends Error {
  override readonly name = "ToolRefusal";
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** Declares a tool. Unknown fields are refused when `input` is a `z.strictObject`. */
export const defineTool = <Input extends z.ZodObject>(declaration: {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly effect: ToolEffect;
  readonly run: (input: z.output<Input>, context: ToolContext) => Promise<string>;
}): OrdinaryTool => ({
  kind: "ordinary",
  name: declaration.name,
  effect: declaration.effect,
  schema: toolSchema(declaration.name, declaration.description, declaration.input),
  prepare: (input) => {
    const parsed = declaration.input.safeParse(input);
    return parsed.success
      ? { ok: true, run: (context) => declaration.run(parsed.data, context) }
      : { ok: false, problem: problemsOf(parsed.error) };
  },
});

/** `io: "input"`, so that a field with a default stays optional for the model. */
export const toolSchema = (name: string, description: string, input: z.ZodType): ToolSchema => {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input" });
  return { name, description, input_schema: schema as ToolSchema["input_schema"] };
};

/** The first problems of an input, each with its path: `to.0.agent: expected string`. */
export const problemsOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, PROBLEMS_SHOWN)
    .map((issue) => `${issue.path.length === 0 ? "input" : issue.path.join(".")}: ${issue.message}`)
    .join("; ");

const PROBLEMS_SHOWN = 5;
