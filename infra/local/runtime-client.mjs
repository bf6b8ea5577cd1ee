// The Lambda Runtime API client of one execution environment: what AWS's own runtime does around a
// handler, and no more. Plain JavaScript, because a child that strips types starts 80 ms later.
//
//   R1. It asks for the next invocation only when a slot is free; each invocation gets exactly one
//       response or error.
//   R2. It lives no longer than the host: standard input is a pipe that only the host holds open.
import http from "node:http";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const env = process.env;

/** Ends this process and whatever the handler started: the environment is a process group of its own. */
const endGroup = () => {
  try {
    process.kill(-process.pid, "SIGKILL");
  } finally {
    process.exit(1); // not a group leader: started by hand
  }
};
process.stdin.on("end", endGroup).on("error", endGroup).resume();

const api = new URL(`http://${env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`);
const agent = new http.Agent({ keepAlive: true });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const options = { agent, method, host: api.hostname, port: api.port, path: api.pathname + path };
    if (body !== undefined) options.headers = { "content-length": Buffer.byteLength(body) };
    http
      .request(options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
        response.on("end", () =>
          resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
      })
      .on("error", reject)
      .end(body);
  });

const describe = (error) =>
  JSON.stringify({
    errorType: error?.name ?? typeof error,
    errorMessage: String(error?.message ?? error),
    trace: String(error?.stack ?? "").split("\n"),
  });

const loadHandler = async () => {
  const [file, name] = env._HANDLER.split(".");
  const { [name]: handler } = await import(pathToFileURL(join(env.LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  if (typeof handler !== "function") throw new TypeError(`${file}.mjs exports no function ${name}`);
  return handler;
};

const contextOf = (headers) => {
  const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: "$LATEST",
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
};

const invoke = async (handler, { headers, text }) => {
  try {
    return ["response", JSON.stringify((await handler(JSON.parse(text), contextOf(headers))) ?? null)];
  } catch (error) {
    return ["error", describe(error)];
  }
};

const serve = async (handler) => {
  for (;;) {
    const invocation = await call("GET", "/invocation/next");
    const [outcome, body] = await invoke(handler, invocation);
    await call("POST", `/invocation/${invocation.headers["lambda-runtime-aws-request-id"]}/${outcome}`, body);
  }
};

try {
  const handler = await loadHandler();
  // Node keeps compiled code when a process exits by itself; this one will be killed.
  setTimeout(flushCompileCache, 2_000).unref();
  // More than one slot as on Lambda Managed Instances, which give the number by this name.
  const slots = Number(env.AWS_LAMBDA_MAX_CONCURRENCY ?? 1);
  await Promise.all(Array.from({ length: slots }, () => serve(handler)));
} catch (error) {
  await call("POST", "/init/error", describe(error)).catch(() => {});
  endGroup();
}
