import { z } from "zod";
import type { ToolSchema } from "../contracts/model-message.ts";
import type { ToolEffect } from "../contracts/task-record.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import type { Web } from "../ports/web.ts";
import type { Question } from "./question.ts";
import type { Workspace } from "./workspace.ts";

/** What a running tool may touch: this execution's workspace, and nothing of another agent's. */
export interface ToolContext {
  readonly workspace: Workspace;
  /** Where code runs that nobody has to trust; absent where none is deployed. */
  readonly sandbox?: Sandbox | undefined;
  /** Absent where the function was given no way to it. */
  readonly web?: Web | undefined;
  /**
   * Names this call over all its repetitions: `<taskId>/<turn>.<index>`. The key under which an
   * `idempotent` tool does its effect once, and by which an `external` one finds it again.
   */
  readonly callId: string;
  /** Aborted when the execution or the task is stopped, or the claim is lost. */
  readonly signal: AbortSignal;
}

/**
 * What a call may reach, as the rule of two counts it (`rule-of-two.ts`): what others wrote who need not be
 * trusted, files of the workspace and other agents' words included; what not everybody may know; and the world
 * outside of the execution, be it by asking it.
 */
export type Reach = "untrusted" | "private" | "outward";

/** A tool whose calls run in the agent's own function. */
export interface OrdinaryTool {
  readonly kind: "ordinary";
  readonly name: string;
  readonly effect: ToolEffect;
  /** Of its own accord: what every call needs a person's approval for is not among it. Nothing when absent. */
  readonly reaches?: readonly Reach[];
  readonly schema: ToolSchema;
  /** A call that may take this long is begun only by an invocation that has so much time left. */
  readonly callMsMax?: number;
  /** Checks an input as the model gave it; never throws. A problem names the path at fault. */
  prepare(input: unknown): PreparedCall;
}

/** `run` may throw whatever it likes: a failing tool is an answer, not an exception. */
export type PreparedCall =
  | {
      readonly ok: true;
      readonly run: (context: ToolContext) => Promise<string>;
      readonly reconcile: ((context: ToolContext) => Promise<string | undefined>) | undefined;
      /** A person must approve it before it is run. */
      readonly needsApproval?: boolean;
    }
  | { readonly ok: false; readonly problem: string };

/** A tool whose calls a person answers: they suspend the task. */
export interface AskingTool {
  readonly kind: "asking";
  readonly name: string;
  readonly schema: ToolSchema;
  /** Checks an input as the model gave it; never throws. A problem names the path at fault. */
  prepare(
    input: unknown,
  ): { readonly ok: true; readonly question: Question } | { readonly ok: false; readonly problem: string };
}

/** The one tool that the coordinator carries out: its calls suspend the task. */
export interface SuspendingTool {
  readonly kind: "suspending";
  readonly name: string;
  readonly reaches?: readonly Reach[];
  /** The schema depends on whom this agent may hand off to. */
  schemaFor(peers: readonly { readonly name: string; readonly role: string }[]): ToolSchema;
}

export type Tool = OrdinaryTool | AskingTool | SuspendingTool;

/** A refusal in the tool's own words; the model sees `<code>: <message>` and may do better. */
export class ToolRefusal extends Error {
  override readonly name = "ToolRefusal";
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** What `defineTool` takes. */
export type ToolDeclaration<Input extends z.ZodObject> = {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly run: (input: z.output<Input>, context: ToolContext) => Promise<string>;
  /**
   * A person must approve the calls (those for which it holds), and is shown the arguments as the
   * model gave them. Until then the task is suspended and nothing is run. In doubt, that is when a
   * predicate throws, a person is asked.
   */
  readonly requiresApproval?: boolean | ((input: z.output<Input>) => boolean);
  /** The whole truth where it is given. Default: `outward` of an `external` tool, and nothing of any other. */
  readonly reaches?: readonly Reach[];
} & (
  | { readonly effect: Exclude<ToolEffect, "external"> }
  | {
      readonly effect: "external";
      /**
       * What became of a call whose function died: the answer that `run` would have given, or
       * `undefined` when that cannot be told; then, as without it or when it throws, the outcome is
       * unknown. May itself die and be asked again, so it only looks, under the same `callId`.
       */
      readonly reconcile?: (input: z.output<Input>, context: ToolContext) => Promise<string | undefined>;
    }
);

/** Declares a tool. Unknown fields are refused when `input` is a `z.strictObject`. */
export const defineTool = <Input extends z.ZodObject>(declaration: ToolDeclaration<Input>): OrdinaryTool => ({
  kind: "ordinary",
  name: declaration.name,
  effect: declaration.effect,
  reaches: reachesOf(declaration),
  schema: toolSchema(declaration.name, declaration.description, declaration.input),
  prepare: (input) => {
    const parsed = declaration.input.safeParse(input);
    if (!parsed.success) return { ok: false, problem: problemsOf(parsed.error) };
    const reconcile = declaration.effect === "external" ? declaration.reconcile : undefined;
    return {
      ok: true,
      run: (context) => declaration.run(parsed.data, context),
      reconcile: reconcile && ((context) => reconcile(parsed.data, context)),
      needsApproval: needsApproval(declaration.requiresApproval, parsed.data),
    };
  },
});

const reachesOf = ({
  effect,
  requiresApproval,
  reaches = effect === "external" ? ["outward"] : [],
}: Pick<ToolDeclaration<z.ZodObject>, "effect" | "reaches"> & {
  readonly requiresApproval?: unknown;
}): readonly Reach[] => (requiresApproval === true ? approved(reaches) : reaches);

/** What a person approves is that person's act, and not the agent's. */
export const approved = (reaches: readonly Reach[] | undefined = []): readonly Reach[] =>
  reaches.filter((one) => one !== "outward");

const needsApproval = <Input>(
  required: boolean | ((input: Input) => boolean) | undefined,
  input: Input,
): boolean => (typeof required === "function" ? holdsOrThrows(() => required(input)) : required === true);

/** In doubt, a person decides. */
export const holdsOrThrows = (claim: () => boolean): boolean => {
  try {
    return claim();
  } catch {
    return true;
  }
};

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
