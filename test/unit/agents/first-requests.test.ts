import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAnthropicModel } from "../../../functions/shared/adapters/anthropic-model.ts";
import type { TaskRequest } from "../../../functions/shared/contracts/task-record.ts";
import { expectGolden } from "../../support/golden.ts";
import { loadTeam } from "../../support/team-specs.ts";
import { AgentWorld } from "../shared/agent/agent-world.ts";

const { agents, manifest } = await loadTeam();

/** A provider that notes what it is sent, and refuses it. */
let provider: Server;
let bodies: string[] = [];
beforeAll(async () => {
  provider = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    response.writeHead(400, { "content-type": "application/json" });
    response.end('{"type":"error","error":{"type":"invalid_request_error","message":"noted"}}');
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => provider.close(resolve)));

/** Coder is asked by the caller, as the entry agent is; everybody else by coder. */
const requestTo = (agent: string): Partial<TaskRequest> =>
  agent === "coder"
    ? {}
    : {
        from: "coder",
        depth: 1,
        packet: {
          task: { inline: "Look at the rate limiter, and say what has to happen before it can be released." },
          context: { inline: "It will stand in front of a public API on several instances." },
          artifacts: ["README.md", "src/rate-limiter.ts"],
        },
      };

/** What goes over the wire for the first turn of a task, by the real adapter. */
const firstRequestOf = async ({ spec, prompt }: (typeof agents)[number]): Promise<string> => {
  const { kind: _, ...declaration } = spec;
  const world = new AgentWorld({
    spec: declaration,
    prompt,
    manifest,
    task: "Write a token-bucket rate limiter in TypeScript, with tests and a README.",
    request: requestTo(spec.name),
  });
  const { port } = provider.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const model = createAnthropicModel({ provider: "anthropic", baseUrl, apiKey: async () => "none" });
  bodies = [];
  await world.settle(world.agent({ model }).handle(world.delivery(), world.invocation));
  expect(bodies).toHaveLength(1);
  return bodies[0] ?? "";
};

/** Texts of several lines as lists of lines: a changed sentence is one line of the diff. */
const inLines = (value: unknown): unknown => {
  if (typeof value === "string") return value.includes("\n") ? value.split("\n") : value;
  if (Array.isArray(value)) return value.map(inLines);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inLines(inner)]));
};

describe.each(agents)("the first request of $spec.name", (agent) => {
  test("is the one that was reviewed, byte for byte on each run", async () => {
    const body = await firstRequestOf(agent);
    expect(await firstRequestOf(agent)).toBe(body);
    expectGolden(`first-requests/${agent.spec.name}.json`, inLines(JSON.parse(body)));
  });
});
