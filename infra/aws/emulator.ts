import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

const root = join(import.meta.dirname, "..", "..");
const STACK = "Bulkhead";
const REGION = "us-east-1";
/** Whose everything is on an emulator. */
const ACCOUNT = "000000000000";
/** Where the CLI leaves what it has deployed; used again, it need not be made again. */
const SYNTHESISED = "cdk.out";

export interface Deployment {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** The stack's, by name. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface EmulatorOptions {
  /** LocalStack's or MiniStack's address. */
  readonly endpoint: string;
  /** The settings of the stack, as `-c` has them. */
  readonly settings: Readonly<Record<string, string>>;
  /** What an agent's secret is filled with. */
  readonly keyOf: (agent: string) => string;
}

/** What is wrong with the emulator, or what `cdk` said, in a line for people. */
export class EmulatorError extends Error {
  override readonly name = "EmulatorError";
}

/** The CDK app on an emulator, unchanged: bootstrapped, deployed, its secrets filled. */
export const deployTo = async ({ endpoint, settings, keyOf }: EmulatorOptions): Promise<Deployment> => {
  await assertAnswers(endpoint);
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-outputs-"));
  try {
    const outputsFile = join(folder, "outputs.json");
    const context = Object.entries({ ...settings, local: "true" }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    // Told where, it need not ask the app, which would bundle everything to answer.
    await cdklocal(endpoint, ["bootstrap", `aws://${ACCOUNT}/${REGION}`]);
    await cdklocal(endpoint, [
      "deploy",
      "--require-approval",
      "never",
      "--outputs-file",
      outputsFile,
      ...context,
    ]);
    const outputs =
      (JSON.parse(readFileSync(outputsFile, "utf8")) as Record<string, Record<string, string>>)[STACK] ?? {};
    await fillSecrets(endpoint, outputs, keyOf);
    return {
      apiUrl: `${endpoint}/_aws/execute-api/${outputs["ApiId"]}/v1`,
      apiKey: await readApiKey(endpoint, outputs["ApiKeyId"] ?? ""),
      outputs,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Takes down what `deployTo` has deployed last. */
export const destroyOn = async (endpoint: string): Promise<void> => {
  await emptyBuckets(endpoint);
  await cdklocal(endpoint, ["destroy", "--force", "--app", SYNTHESISED]);
};

/** On AWS a function of CDK's does it; emulators do not all run that one. */
const emptyBuckets = async (endpoint: string): Promise<void> => {
  const client = new S3Client({ ...clientSettings(endpoint), forcePathStyle: true });
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  for (const { Name: Bucket = "" } of Buckets) {
    if (!Bucket.startsWith(`${STACK.toLowerCase()}-`)) continue;
    for (;;) {
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const Objects = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (Objects.length === 0) break;
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    }
  }
  client.destroy();
};

const clientSettings = (endpoint: string) => ({
  endpoint,
  region: REGION,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});

/** An emulator that has just started may take a while over its first answer; one that is not there refuses at once. */
const ANSWER_MS_MAX = 60_000;

const assertAnswers = async (endpoint: string): Promise<void> => {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch {
    throw new EmulatorError(
      `nothing answers at ${endpoint}; start LocalStack with \`docker compose up\`, or set AWS_ENDPOINT_URL`,
    );
  }
};

/** Rejects when it fails; what it prints goes to stderr, since stdout is for results. */
const cdklocal = (endpoint: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(join(root, "node_modules", ".bin", "cdklocal"), args, {
      cwd: root,
      stdio: ["ignore", process.stderr, process.stderr],
      env: { ...process.env, ...environmentOf(endpoint) },
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new EmulatorError(`cdklocal ${args[0]} ended with ${code}`)),
    );
  });

/** What SDKs and `cdklocal` need to talk to the emulator and to nobody else. */
export const environmentOf = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ENDPOINT_URL_S3: process.env["AWS_ENDPOINT_URL_S3"] ?? endpoint,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  CDK_DISABLE_CLI_TELEMETRY: "true",
});

const fillSecrets = async (
  endpoint: string,
  outputs: Readonly<Record<string, string>>,
  keyOf: (agent: string) => string,
): Promise<void> => {
  const client = new SecretsManagerClient(clientSettings(endpoint));
  for (const [name, secretId] of Object.entries(outputs)) {
    if (!name.startsWith("Secret")) continue;
    // `SecretFactChecker` is the output of the agent fact-checker.
    const agent = name
      .slice("Secret".length)
      .replaceAll(/(?<!^)[A-Z]/g, "-$&")
      .toLowerCase();
    await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: keyOf(agent) }));
  }
  client.destroy();
};

/** An emulator looks only at whom a signature is for. */
const readApiKey = async (endpoint: string, id: string): Promise<string> => {
  const response = await fetch(`${endpoint}/apikeys/${id}?includeValue=true`, {
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/apigateway/aws4_request, SignedHeaders=host, Signature=none`,
    },
  });
  const { value } = (await response.json()) as { value?: string };
  if (value === undefined) throw new EmulatorError(`the emulator did not tell the API key ${id}`);
  return value;
};
