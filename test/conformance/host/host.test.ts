import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Host, HostError, type HostOptions, startHost } from "../../../infra/local/host.ts";
import { isAlive } from "./fixture-functions.ts";
import { createFixtureRepository, type FixtureRepository } from "./fixture-repository.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
const PATIENCE = { timeout: 15_000, interval: 20 };

let repository: FixtureRepository;
const hosts: Host[] = [];
const processes: ChildProcess[] = [];
let dataDir: string;

beforeAll(() => {
  repository = createFixtureRepository();
});
afterAll(() => repository.remove());
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  for (const child of processes.splice(0)) child.kill("SIGKILL");
  for (const name of ["echo", "other", "coordinator", "sweeper"])
    rmSync(repository.notes(name), { force: true });
  if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
});

const newFolder = (): string => {
  dataDir = mkdtempSync(join(tmpdir(), "bulkhead-data-"));
  return dataDir;
};

const start = async (options: HostOptions = {}): Promise<Host> => {
  const host = await startHost({ root: repository.root, ...options });
  hosts.push(host);
  return host;
};

const refusalOf = async (options: HostOptions): Promise<string> => {
  const error = await start(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HostError);
  const { message } = error as HostError;
  expect(message).not.toContain("\n");
  return message;
};

const envOf = async (url: string): Promise<Record<string, string>> =>
  (await (await fetch(url)).json()) as Record<string, string>;

const send = async (url: string, queue: string, body: string): Promise<void> => {
  const { AWS_ENDPOINT_URL_SQS: sqs } = await envOf(url);
  const response = await fetch(String(sqs), {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage" },
    body: JSON.stringify({ QueueUrl: `${sqs}/000000000000/${queue}`, MessageBody: body }),
  });
  expect(response.status).toBe(200);
};

interface Note {
  readonly pid: number;
  readonly grandchild: number;
  readonly body: string;
  readonly env: Record<string, string>;
}
const notesOf = (name: string): Note[] =>
  existsSync(repository.notes(name))
    ? readFileSync(repository.notes(name), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Note)
    : [];
const firstNote = (name: string): Promise<Note> =>
  vi.waitFor(() => {
    const [note] = notesOf(name);
    if (note === undefined) throw new Error(`${name} has not been called`);
    return note;
  }, PATIENCE);

const spawnHost = async (
  options: HostOptions,
): Promise<{ child: ChildProcess; url: string; pids: number[] }> => {
  const script = fileURLToPath(new URL("run-host.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify({ root: repository.root, ...options })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  processes.push(child);
  const [line] = (await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { url: string; pids: number[] }) };
};

describe("what runs", () => {
  test("each agent sees its own key and no other, and the api sees none", async () => {
    const env = { BULKHEAD_ECHO_API_KEY: "canary-of-echo", BULKHEAD_OTHER_API_KEY: "canary-of-other" };
    const { url } = await start({ env });
    await send(url, "agent-echo", "hello");
    await send(url, "agent-other", "hello");
    const echo = JSON.stringify((await firstNote("echo")).env);
    const other = JSON.stringify((await firstNote("other")).env);
    expect([echo.includes("canary-of-echo"), echo.includes("canary-of-other")]).toEqual([true, false]);
    expect([other.includes("canary-of-other"), other.includes("canary-of-echo")]).toEqual([true, false]);
    expect(JSON.stringify(await envOf(url))).not.toContain("canary");
  });

  test("no key is in any argument of any process", async () => {
    const host = await start({ env: { ANTHROPIC_API_KEY: "canary-in-argv" } });
    expect(host.scripted).toBe(false);
    for (const { pid } of host.agents()) {
      if (existsSync(`/proc/${pid}/cmdline`)) {
        expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain("canary-in-argv");
      }
    }
  });

  test("without a key the scripted model server answers, each agent with a key of its own", async () => {
    const host = await start();
    expect(host.scripted).toBe(true);
    expect((await envOf(host.url))["BULKHEAD_SCRIPTED"]).toBe("1");
    await send(host.url, "agent-echo", "hello");
    const { env } = await firstNote("echo");
    expect(env).toMatchObject({
      BULKHEAD_API_KEY: "scripted-echo",
      BULKHEAD_BASE_URL: host.modelServer?.url,
    });
  });

  test("hints reach the coordinator in batches, work reaches its agent one by one", async () => {
    const { url } = await start();
    await send(url, "events", "hint");
    await vi.waitFor(() => expect(notesOf("coordinator")).toHaveLength(1), PATIENCE);
    await Promise.all(["a", "b", "c"].map((body) => send(url, "agent-other", body)));
    await vi.waitFor(() => expect(notesOf("other")).toHaveLength(3), PATIENCE);
    expect(notesOf("echo")).toEqual([]);
  });

  test("the sweeper is called at once and then on the clock", async () => {
    const started = Date.now();
    await start({ times: { sweepMs: 200 } });
    await vi.waitFor(() => expect(notesOf("sweeper").length).toBeGreaterThan(2), PATIENCE);
    expect(Date.now() - started).toBeGreaterThanOrEqual(400);
    expect(notesOf("sweeper")[0]).toMatchObject({ source: "aws.events", "detail-type": "Scheduled Event" });
  });

  test("asked to, it loses all hints but the sweeper's, and delivers every other message twice", async () => {
    const { url } = await start({ faults: { dropHints: true, duplicateMessages: true } });
    await send(url, "events", "lost");
    await send(url, "agent-echo", "twice");
    await vi.waitFor(() => expect(notesOf("echo")).toHaveLength(2), PATIENCE);
    expect(notesOf("coordinator")).toEqual([]);
  });

  test("an agent that cannot start harms nobody else", async () => {
    const broken = createFixtureRepository();
    broken.write("functions/agents/other/handler.ts", "throw new Error('broken'); export const handler = 1;");
    const said: string[] = [];
    const host = await startHost({
      root: broken.root,
      log: (source, line) => said.push(`${source}: ${line}`),
    });
    try {
      expect((await fetch(host.url)).status).toBe(200);
      await send(host.url, "agent-echo", "hello");
      await vi.waitFor(() => expect(existsSync(broken.notes("echo"))).toBe(true), PATIENCE);
      await vi.waitFor(() => expect(said.join("\n")).toMatch(/other: could not start: .*broken/), PATIENCE);
    } finally {
      await host.stop();
      broken.remove();
    }
  });

  test("requests are counted by operation", async () => {
    const host = await start();
    await send(host.url, "agent-echo", "hello");
    await firstNote("echo");
    await vi.waitFor(
      () =>
        expect(host.requests()).toMatchObject({
          "SQS SendMessage": 1,
          "SQS ReceiveMessage": 1,
          "SQS DeleteMessageBatch": 1,
          "Lambda echo": 1,
        }),
      PATIENCE,
    );
  });

  test("a killed function is there again", async () => {
    const host = await start();
    await send(host.url, "agent-echo", "one");
    const { pid } = await firstNote("echo");
    expect(host.kill(pid)).toBe(true);
    expect(host.kill(1)).toBe(false);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
    await send(host.url, "agent-echo", "two");
    await vi.waitFor(() => expect(notesOf("echo")).toHaveLength(2), PATIENCE);
    expect(host.killFunction("echo")).toBeGreaterThan(0);
  });
});

describe("the end", () => {
  test("stop ends every child within 3 s, although one spins, and may be repeated", async () => {
    const host = await start();
    await send(host.url, "agent-echo", "spin");
    const { pid, grandchild } = await firstNote("echo");
    const pids = [...host.agents().map((child) => child.pid), grandchild];
    expect(pids).toContain(pid);
    const hanging = fetch(`${host.url}/hang`);
    await vi.waitFor(
      () => expect(host.agents()).toContainEqual(expect.objectContaining({ function: "api", busy: true })),
      PATIENCE,
    );
    const startedAt = performance.now();
    await Promise.all([host.stop(), host.stop()]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect((await hanging).status).toBe(503);
    expect(host.agents()).toEqual([]);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), PATIENCE);
  });

  test("kill -9 of the host leaves no child, not even one that spins, nor its grandchild, nor the scratch folder [bad-input 65]", async () => {
    const { child, url, pids } = await spawnHost({});
    await send(url, "agent-echo", "spin");
    const { pid, grandchild, env } = await firstNote("echo");
    const all = [...new Set([...pids, pid, grandchild])];
    expect(all.every(isAlive)).toBe(true);
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), PATIENCE);
    await vi.waitFor(() => expect(existsSync(env["TMPDIR"] ?? "")).toBe(false), PATIENCE);
  });

  test("SIGTERM ends the host and everything with it", async () => {
    const { child, pids } = await spawnHost({});
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe("the data folder", () => {
  test("messages go on after kill -9 of the host, also the one that was being worked on [bad-input 65]", async () => {
    const folder = newFolder();
    const first = await spawnHost({ dataDir: folder, concurrency: { echo: 1 } });
    await send(first.url, "agent-echo", "wait");
    await firstNote("echo");
    await send(first.url, "agent-echo", "queued");
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    await start({ dataDir: folder });
    await vi.waitFor(() => expect(notesOf("echo")).toHaveLength(3), PATIENCE);
    const bodies = notesOf("echo").map(({ body }) => body);
    expect(bodies.sort()).toEqual(["queued", "wait", "wait"]);
  });

  test("a page token's secret and the store's place are the same after a restart", async () => {
    const folder = newFolder();
    const seen = [];
    for (let times = 0; times < 2; times += 1) {
      const host = await start({ dataDir: folder });
      const { BULKHEAD_TOKEN_SECRET, BULKHEAD_STORE } = await envOf(host.url);
      seen.push({ BULKHEAD_TOKEN_SECRET, BULKHEAD_STORE });
      await host.stop();
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]?.BULKHEAD_STORE).toBe(`sqlite:${join(folder, "store.sqlite")}`);
  });

  test("two hosts cannot share it, and the second names the first [bad-input 62]", async () => {
    const folder = newFolder();
    const { child } = await spawnHost({ dataDir: folder });
    expect(await refusalOf({ dataDir: folder })).toContain(`is in use by process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    await start({ dataDir: folder }); // the lock died with its holder
  });

  test("a file in its place is refused [bad-input 62]", async () => {
    const file = join(newFolder(), "file");
    writeFileSync(file, "");
    expect(await refusalOf({ dataDir: file })).toContain("is not a folder");
  });

  test.skipIf(process.getuid?.() === 0)(
    "a folder that cannot be written to is refused [bad-input 62]",
    async () => {
      const folder = newFolder();
      chmodSync(folder, 0o500);
      expect(await refusalOf({ dataDir: folder })).toContain("cannot be written to");
    },
  );

  test("a damaged database is refused, and the folder is free again", async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, "fauxqs.db"),
      "this is no database, but long enough to be looked at".repeat(100),
    );
    expect(await refusalOf({ dataDir: folder })).toContain("holds a damaged database");
    rmSync(join(folder, "fauxqs.db"));
    await start({ dataDir: folder });
  });
});

describe("what is in the way", () => {
  test("a port that is taken is one line, and nothing is left running [bad-input 62]", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const before = scratchFolders();
    expect(await refusalOf({ port })).toBe(
      `port ${port} is taken; choose another with --port, or 0 for any free one`,
    );
    taken.close();
    expect(scratchFolders()).toEqual(before);
  });

  test("an agent folder that is none is one line that names it", async () => {
    const broken = createFixtureRepository();
    mkdirSync(join(broken.root, "functions/agents/empty"));
    const message = await refusalOf({ root: broken.root });
    broken.remove();
    expect(message).toBe("functions/agents/empty: agent.ts is missing");
  });

  test("a key for one agent only is one line that names the other", async () => {
    expect(await refusalOf({ env: { BULKHEAD_ECHO_API_KEY: "k" } })).toContain("there is no key for other");
  });
});

const scratchFolders = (): string[] =>
  readdirSync(tmpdir())
    .filter((name) => /^bulkhead-[A-Za-z0-9]{6}$/.test(name))
    .sort();

describe("the store dynalite", () => {
  const dynamo = (url: string, operation: string, body: object): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": "20300101T000000Z",
        authorization: "AWS4-HMAC-SHA256 Credential=test, SignedHeaders=host, Signature=0",
      },
      body: JSON.stringify(body),
    });

  test("has the table, and keeps it in the data folder", async () => {
    const folder = newFolder();
    const first = await start({ dataDir: folder, store: "dynalite" });
    const env = await envOf(first.url);
    expect(env["BULKHEAD_STORE"]).toBe("dynamodb");
    const item = { pk: { S: "a" }, sk: { S: "b" } };
    const put = await dynamo(env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "", "PutItem", {
      TableName: env["BULKHEAD_TABLE"],
      Item: item,
    });
    expect(put.status).toBe(200);
    expect(first.requests()["DynamoDB PutItem"]).toBe(1);
    await first.stop();

    const second = await start({ dataDir: folder, store: "dynalite" });
    const url = (await envOf(second.url))["AWS_ENDPOINT_URL_DYNAMODB"] ?? "";
    const got = await dynamo(url, "GetItem", { TableName: env["BULKHEAD_TABLE"], Key: item });
    expect(await got.json()).toEqual({ Item: item });
  });

  test("outlives a client that dies in the middle of a request", async () => {
    const host = await start({ store: "dynalite" });
    const { AWS_ENDPOINT_URL_DYNAMODB: url = "" } = await envOf(host.url);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{");
    await vi.waitFor(() => expect(host.requests()).toHaveProperty("DynamoDB undefined"), PATIENCE);
    socket.resetAndDestroy();
    await vi.waitFor(async () => expect((await dynamo(url, "ListTables", {})).status).toBe(200), PATIENCE);
  });
});
