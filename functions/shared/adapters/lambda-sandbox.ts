import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ProgramResult } from "../contracts/sandbox.ts";
import { RetryableError, TerminalError } from "../kernel/errors.ts";
import { parsedJson } from "../kernel/parsed-json.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import { awsRefusal, clientSettings } from "./aws-client.ts";

/** Above the function's own timeout, so that it is the function that says what happened. */
const REQUEST_MS_MAX = 40_000;

/** The sandbox function, invoked directly. */
export const createLambdaSandbox = (
  functionName: string,
  client: LambdaClient = new LambdaClient(clientSettings({ requestTimeoutMs: REQUEST_MS_MAX })),
): Sandbox => ({
  run: async (program, signal) => {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(program) });
    const { FunctionError, Payload } = await invoke(
      () => client.send(command, { abortSignal: signal }),
      signal,
    );
    const answer = parsedJson(new TextDecoder().decode(Payload));
    if (FunctionError !== undefined) throw noResult(answer);
    const result = ProgramResult.safeParse(answer);
    if (result.success) return result.data;
    throw new TerminalError(
      "Internal",
      "the sandbox's answer is no program's result; deploy the agents and the sandbox together",
    );
  },
});

const invoke = async <T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  try {
    return await send();
  } catch (error) {
    signal.throwIfAborted();
    throw awsRefusal(error, "Lambda Invoke of the sandbox");
  }
};

/** The function timed out, ran out of memory or was killed: nothing says that it would again. */
const noResult = (answer: unknown): RetryableError => {
  const { errorType = "unknown" } = (answer ?? {}) as { readonly errorType?: unknown };
  const type = String(errorType).slice(0, 80);
  return new RetryableError("Internal", `the sandbox ended without a result (${type}); try again with less`);
};
