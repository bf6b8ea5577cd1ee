import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addressOf, closeServer, listen } from "../../infra/local/http-server.ts";
import { createModelServer } from "../../infra/local/model-server/server.ts";
import { openHost } from "../support/open-target.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

/** Embedded host only: these look at processes, folders and logs. */

const scratch = (): string => mkdtempSync(join(tmpdir(), "bulkhead-e2e-"));

test("an agent is added by one new folder in a copy of the repository, and coder hands off to it", async () => {
  const copy = new RepositoryCopy();
  try {
    const folder = "functions/agents/researcher";
    mkdirSync(join(copy.root, folder));
    const file = (name: string, text: string): void => copy.write(join(folder, name), text);
    file("prompt.md", "You find out what is known already.\n");
    file(
      "agent.ts",
      `import { defineAgent } from "../../shared/agent/agent-spec.ts";
import { readFile } from "../../shared/agent/tools/read-file.ts";

export const researcher = defineAgent({ name: "researcher", role: "literature research", tools: [readFile] });
`,
    );
    file(
      "handler.ts",
      `import { createAgentHandler } from "../../shared/entry/agent-handler.ts";
import { researcher } from "./agent.ts";

export const handler = createAgentHandler(researcher);
`,
    );
    const { target, host } = await openHost({ root: copy.root });
    try {
      const view = await target.run("[[researcher-handoff]] Find out");
      expect(view.status).toBe("SUCCEEDED");
      expect(view.tasks.map(({ agent }) => agent)).toEqual(["coder", "researcher"]);
      const agents = (await (await target.fetch("/agents")).json()) as {
        agents: { name: string; handoffs: string[] }[];
      };
      expect(agents.agents.find(({ name }) => name === "coder")?.handoffs).toContain("researcher");
    } finally {
      await host.stop();
    }
  } finally {
    copy.remove();
  }
});

test("a key appears nowhere: not in a record, blob, message, log line, answer or history", async () => {
  const dataDir = scratch();
  const canary = "sk-canary-0123456789-do-not-find-me";
  const printed: string[] = [];
  const provider = await createModelServer({});
  try {
    const { target, host } = await openHost({
      dataDir,
      env: { ANTHROPIC_BASE_URL: provider.url, ANTHROPIC_API_KEY: canary, BULKHEAD_LOG_LEVEL: "info" },
      log: (source, line) => printed.push(`${source} ${line}`),
    });
    const answers: string[] = [];
    try {
      for (const script of ["quick", "fail-collect", "faults", "refused", "bad-handoffs", "injected"]) {
        const agent = script === "injected" ? { agent: "critic" } : {};
        const view = await target.run(`[[${script}]] With a canary`, agent, 45_000);
        answers.push(JSON.stringify(view), JSON.stringify(await target.history(view.executionId)));
        for (const { task } of view.tasks)
          answers.push(JSON.stringify(await target.task(view.executionId, task)));
      }
    } finally {
      await host.stop();
    }
    expect(provider.ledger().length).toBeGreaterThan(8);
    expect(answers.join("\n")).not.toContain(canary);
    expect(printed.join("\n")).not.toContain(canary);
    for (const path of filesOf(dataDir)) expect(readFileSync(path).includes(canary), path).toBe(false);
  } finally {
    await provider.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test("a key that the provider refuses fails the task at once and is not repeated in the failure", async () => {
  const canary = "sk-canary-refused";
  const asked: string[] = [];
  const provider = createServer((request, response) => {
    const key = String(request.headers.authorization);
    asked.push(key);
    const error = { type: "authentication_error", message: `invalid key ${key}` };
    response.writeHead(401, { "content-type": "application/json" });
    response.end(JSON.stringify({ type: "error", error }));
  });
  await listen(provider, 0);
  const { target, host } = await openHost({
    env: { ANTHROPIC_BASE_URL: `http://${addressOf(provider)}`, ANTHROPIC_API_KEY: canary },
  });
  try {
    const view = await target.run("[[quick]] Let me in");
    expect(view).toMatchObject({ status: "FAILED", failure: { name: "ModelAuthentication" } });
    expect(asked).toEqual([`Bearer ${canary}`]);
    expect(JSON.stringify(view)).not.toContain(canary);
  } finally {
    await host.stop();
    await closeServer(provider);
  }
});

test("each function's process sees its own settings and no other's", async () => {
  const { target, host } = await openHost({
    env: {
      BULKHEAD_CODER_API_KEY: "own-key-of-coder",
      BULKHEAD_PLANNER_API_KEY: "own-key-of-planner",
      BULKHEAD_CRITIC_API_KEY: "own-key-of-critic",
      ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
      HOME_OF_SECRETS: "of-the-host",
    },
  });
  try {
    expect((await target.fetch("/health")).status).toBe(200);
    const pids = host.agents();
    expect(new Set(pids.map(({ pid }) => pid)).size).toBe(pids.length);
    for (const { function: name, pid } of pids) {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      expect(environment, name).not.toContain("of-the-host");
      for (const agent of ["coder", "planner", "critic"]) {
        expect(environment.includes(`own-key-of-${agent}`), `${name} sees the key of ${agent}`).toBe(
          name === agent,
        );
      }
    }
  } finally {
    await host.stop();
  }
});

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
