import { isToolUse } from "../../functions/shared/contracts/model-message.ts";
import { RetryableModelError, TerminalModelError } from "../../functions/shared/kernel/model-call-error.ts";
import type { ModelRequest, ModelTurn } from "../../functions/shared/ports/model.ts";
import { defineScript, type Turn } from "../../infra/local/model-server/script.ts";
import type { ModelServer } from "../../infra/local/model-server/server.ts";

/** Unlike any real key, so that only knowing it can keep it out of a text. */
export const KEY = "canary0123456789abcdef";

/** For calls that nobody stops. */
export const never = new AbortController().signal;

let scripts = 0;

/** A request that the server answers with these turns, under a name that no other request has. */
export const askingOf = (server: ModelServer, turns: readonly Turn[]): ModelRequest => {
  scripts += 1;
  const name = `conformance-${scripts}`;
  server.addScript(defineScript({ name, agents: { coder: turns } }));
  return {
    system: 'You are the agent "coder". Write code.',
    tools: [
      { name: "write_file", description: "Writes a file.", input_schema: { type: "object", properties: {} } },
    ],
    // A signature covers the body byte for byte, so that not all of it is ASCII.
    messages: [{ role: "user", content: `Grüße, do it. [[${name}]]` }],
    maxTokens: 1_000,
  };
};

/** The conversation with this turn and the results of its calls. */
export const withResults = (request: ModelRequest, turn: ModelTurn, result = "ok"): ModelRequest => ({
  ...request,
  messages: [
    ...request.messages,
    { role: "assistant", content: turn.content },
    {
      role: "user",
      content: turn.content
        .filter(isToolUse)
        .map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: result })),
    },
  ],
});

export const failureOf = async (
  call: Promise<unknown>,
): Promise<RetryableModelError | TerminalModelError> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RetryableModelError || error instanceof TerminalModelError) return error;
  throw new Error(`expected a model error, got ${String(error)}`);
};
