import { LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, expect, test } from "vitest";
import { createLambdaSandbox } from "../../../../functions/shared/adapters/lambda-sandbox.ts";
import type { Program, ProgramResult } from "../../../../functions/shared/contracts/sandbox.ts";
import { FunctionError } from "../../../../infra/local/function-settings.ts";
import { LambdaApi } from "../../../../infra/local/lambda-api.ts";

/** The adapter against the embedded host's Invoke API, with a function of the test's own behind it. */
const apis: LambdaApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.stop()));
});

const openSandbox = async (invoke: (event: string) => Promise<Buffer>, name = "sandbox") => {
  const api = new LambdaApi();
  apis.push(api);
  api.offer({ settings: { name: "sandbox" }, invoke });
  await api.start();
  const client = new LambdaClient({
    endpoint: api.url,
    region: "us-east-1",
    credentials: { accessKeyId: "coder", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  return createLambdaSandbox(name, client);
};

const PROGRAM: Program = { entry: "a.ts", files: [{ path: "a.ts", text: "export default 'é';" }] };
const RESULT: ProgramResult = {
  output: "é\n",
  isOutputCut: false,
  outcome: { status: "returned", value: "é" },
};
const never = new AbortController().signal;

test("a program goes to the function, and its result comes back", async () => {
  const events: string[] = [];
  const sandbox = await openSandbox(async (event) => {
    events.push(event);
    return Buffer.from(JSON.stringify(RESULT));
  });
  expect(await sandbox.run(PROGRAM, never)).toEqual(RESULT);
  expect(events.map((event) => JSON.parse(event))).toEqual([PROGRAM]);
});

test("a function that dies, or runs out of time, is an error that says to try with less", async () => {
  const sandbox = await openSandbox(async () => {
    throw new FunctionError("Sandbox.Timedout", "timed out after 30.00 seconds");
  });
  await expect(sandbox.run(PROGRAM, never)).rejects.toThrow(
    "the sandbox ended without a result (Sandbox.Timedout); try again with less",
  );
});

test("an answer that is no result, and a function that is not there, are errors with what to do", async () => {
  const odd = await openSandbox(async () => Buffer.from('{"output":7}'));
  await expect(odd.run(PROGRAM, never)).rejects.toThrow("deploy the agents and the sandbox together");
  const absent = await openSandbox(async () => Buffer.from("{}"), "elsewhere");
  await expect(absent.run(PROGRAM, never)).rejects.toThrow(
    /^Lambda Invoke of the sandbox was refused \(ResourceNotFoundException\)/,
  );
});

test("a stop ends the wait with its own reason", async () => {
  const stop = new AbortController();
  const sandbox = await openSandbox(() => {
    stop.abort(new Error("stopped by the user"));
    return new Promise(() => {});
  });
  await expect(sandbox.run(PROGRAM, stop.signal)).rejects.toThrow("stopped by the user");
});

test("only what is offered can be invoked, and only by Invoke", async () => {
  await openSandbox(async () => Buffer.from("{}"));
  const url = apis[0]?.url ?? "";
  const post = (path: string, body = "{}") => fetch(`${url}${path}`, { method: "POST", body });
  expect((await post("/2015-03-31/functions/coder/invocations")).status).toBe(404);
  expect((await post("/2015-03-31/functions/sandbox/versions")).status).toBe(404);
  expect((await fetch(`${url}/2015-03-31/functions/sandbox/invocations`)).status).toBe(404);
  expect((await post("/2015-03-31/functions/sandbox/invocations", "x".repeat(7 * 2 ** 20))).status).toBe(413);
  expect((await post("/2015-03-31/functions/sandbox/invocations")).status).toBe(200);
});
