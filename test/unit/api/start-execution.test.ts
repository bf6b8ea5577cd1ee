import { describe, expect, test } from "vitest";
import { ExecutionView } from "../../../functions/shared/contracts/api.ts";
import { DEFAULT_EXECUTION_LIMITS, LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { Permit } from "../../../functions/shared/contracts/permit.ts";
import { permitKey, stateKey } from "../../../functions/shared/contracts/resources.ts";
import { decodeState } from "../../../functions/shared/contracts/stored-execution.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import { MemoryStore } from "../../support/memory-ports.ts";
import {
  type Api,
  anApi,
  answerWithin,
  aState,
  aTask,
  NOW,
  problemOf,
  putRecord,
  putState,
  settled,
} from "./api-fixture.ts";

const stateOf = async (api: Api, id: string) => {
  const item = await api.store.get(stateKey(id));
  const decoded = item === undefined ? undefined : decodeState(item);
  if (decoded?.ok !== true) throw new Error(`no readable state of ${id}`);
  return decoded.stored;
};

const started = async (response: Response): Promise<string> =>
  ((await response.json()) as { executionId: string }).executionId;

describe("POST /executions", () => {
  test("P2: PERMIT first, then STATE, then the hint; 202 with the place to look at", async () => {
    const api = anApi();
    const response = await api.post({ input: "Write a rate limiter" });
    expect(response.status).toBe(202);
    const id = await started(response);
    expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    const place = new URL(response.headers.get("location") ?? "", "https://host/stage/executions");
    expect(place.pathname).toBe(`/stage/executions/${id}`);
    expect(api.store.requests).toEqual([
      { kind: "create", key: `PERMIT#${id}|PERMIT` },
      { kind: "create", key: `EXE#${id}|STATE` },
    ]);
    expect(api.queues.sent.map(({ message }) => message)).toEqual([{ v: 1, kind: "look", executionId: id }]);
  });

  test("what is stored is due at once and expires in seconds, after the deadline and the retention", async () => {
    const api = anApi();
    const id = await started(
      await api.post({ input: "x", agent: "planner", limits: { usd: 0.5, depth: 2, deadlineSeconds: 60 } }),
    );
    const { state, nextCheckAt, version } = await stateOf(api, id);
    expect({ version, nextCheckAt }).toEqual({ version: 1, nextCheckAt: NOW });
    expect(state).toMatchObject({
      agent: "planner",
      tenant: "default",
      deadlineAt: NOW + 60_000,
      expiresAt: NOW / 1000 + 60 + LIMITS.retentionSecondsDefault,
      limits: { microUsd: 500_000, depth: 2, deadlineSeconds: 60, tokens: LIMITS.tokensDefault },
    });
    const permit = Permit.parse(await api.store.get(permitKey(id)));
    expect(permit).toMatchObject({
      capMicroUsd: 500_000,
      capTokens: LIMITS.tokensDefault,
      capCalls: LIMITS.callsDefault,
      expiresAt: state.expiresAt,
      tenant: "default",
    });
  });

  test("an input above 4 KiB becomes a blob, a smaller one stands in STATE", async () => {
    const api = anApi();
    const small = "s".repeat(LIMITS.stateInlineBytesMax);
    const large = `${small}!`;
    const inline = await stateOf(api, await started(await api.post({ input: small })));
    const blob = await stateOf(api, await started(await api.post({ input: large })));
    expect(inline.state.input).toEqual({ inline: small });
    expect(blob.state.input).toMatchObject({ bytes: large.length, preview: "s".repeat(1024) });
    expect([...api.blobs.texts.values()]).toEqual([large]);
  });

  test("a hint that cannot be sent changes nothing: the sweeper will look", async () => {
    const api = anApi({
      queues: {
        sendHint: async () => {
          throw new RetryableError("Internal", "queue down");
        },
      },
    });
    const response = await api.post({ input: "x" });
    expect(response.status).toBe(202);
    expect((await stateOf(api, await started(response))).nextCheckAt).toBe(NOW);
  });

  test("a store that cannot be reached is 503 with Retry-After, and nothing about it is told", async () => {
    class DownStore extends MemoryStore {
      override async create(): Promise<never> {
        throw new RetryableError("Internal", "arn:aws:dynamodb:secret-table throttled", {
          retryAfterSeconds: 3,
        });
      }
    }
    const response = await anApi({ store: new DownStore() }).post({ input: "x" });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(JSON.stringify(await problemOf(response))).not.toContain("arn:");
  });

  test("a write that was applied but reported refused is recognised as our own", async () => {
    class UnsureStore extends MemoryStore {
      override async create(item: Parameters<MemoryStore["create"]>[0]): Promise<"refused"> {
        await super.create(item);
        return "refused";
      }
    }
    const response = await anApi({ store: new UnsureStore() }).post({ input: "x" });
    expect(response.status).toBe(202);
  });

  test("ids of later executions sort after earlier ones", async () => {
    const api = anApi();
    const first = await started(await api.post({ input: "x" }));
    api.clock.advance(1);
    const second = await started(await api.post({ input: "x" }));
    expect(first < second).toBe(true);
  });
});

describe("the deployment's own limits and retention", () => {
  const deployed = { limits: { tokens: 5_000, microUsd: 20_000, depth: 3 }, retentionSeconds: 86_400 };
  const limitsOf = async (api: Api, body: unknown) =>
    (await stateOf(api, await started(await api.post(body)))).state;

  test("stand in for the defaults, field by field", async () => {
    const { limits, deadlineAt, expiresAt } = await limitsOf(anApi(deployed), { input: "x" });
    expect(limits).toEqual({ ...DEFAULT_EXECUTION_LIMITS, tokens: 5_000, microUsd: 20_000, depth: 3 });
    expect(expiresAt).toBe(deadlineAt / 1000 + 86_400);
  });

  test("give way to what the caller asks for", async () => {
    const { limits } = await limitsOf(anApi(deployed), { input: "x", limits: { usd: 2, tokens: 9_000 } });
    expect(limits).toMatchObject({ microUsd: 2_000_000, tokens: 9_000, depth: 3 });
  });

  test("keep no dollar budget that nobody can reckon", async () => {
    const unknown = { provider: "compatible", model: "house-model", priced: false } as const;
    const agentModels = { coder: unknown, planner: unknown, critic: unknown };
    const { limits } = await limitsOf(anApi({ ...deployed, agentModels }), { input: "x" });
    expect(limits).toMatchObject({ microUsd: null, tokens: 5_000 });
  });
});

describe("Idempotency-Key", () => {
  const key = { "idempotency-key": "order-4711" };

  test("same body twice at once: one execution, the same id, 202 twice [bad-input 15]", async () => {
    const api = anApi();
    const answers = await Promise.all([api.post({ input: "x" }, key), api.post('{ "input":"x" }', key)]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const ids = await Promise.all(answers.map(started));
    expect(ids[0]).toBe(ids[1]);
    expect(api.store.items().map(({ sk }) => sk)).toEqual(["PERMIT", "STATE"]);
  });

  test("a repeat after the end tells the status of the one execution", async () => {
    const api = anApi();
    const id = await started(await api.post({ input: "x" }, key));
    const item = await api.store.get(stateKey(id));
    api.store.force({ ...stateKey(id), ...item, status: "SUCCEEDED" });
    const repeat = await api.post({ input: "x" }, key);
    expect(await repeat.json()).toEqual({ executionId: id, status: "SUCCEEDED" });
  });

  test("the same key with another body is a conflict, and the first stands [bad-input 16]", async () => {
    const api = anApi();
    const id = await started(await api.post({ input: "x" }, key));
    for (const other of [
      { input: "y" },
      { input: "x", agent: "critic" },
      { input: "x", limits: { usd: 1 } },
    ]) {
      const response = await api.post(other, key);
      expect(response.status).toBe(409);
      expect((await problemOf(response))["code"]).toBe("IDEMPOTENCY_CONFLICT");
    }
    expect((await api.post({ input: "z".repeat(9_999) }, key)).status).toBe(409);
    expect((await stateOf(api, id)).state.input).toEqual({ inline: "x" });
    expect(api.queues.sent).toHaveLength(1);
    expect(api.blobs.texts.size).toBe(0);
  });

  test("the same key of another tenant is another execution", async () => {
    const api = anApi();
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", ...key },
      body: '{"input":"x"}',
    };
    const ofA = await started(await api.as("tenant-a")("/executions", init));
    const ofB = await started(await api.as("tenant-b")("/executions", init));
    expect(ofA).not.toBe(ofB);
  });

  test("P2: a creation that died between PERMIT and STATE is finished by the repeat, and PERMIT keeps its stop", async () => {
    class DyingStore extends MemoryStore {
      dies = true;
      override async create(item: Parameters<MemoryStore["create"]>[0]): ReturnType<MemoryStore["create"]> {
        if (this.dies && item.sk === "STATE") throw new RetryableError("Internal", "died");
        return super.create(item);
      }
    }
    const store = new DyingStore();
    const api = anApi({ store });
    expect((await api.post({ input: "x" }, key)).status).toBe(503);
    const permit = store.items()[0];
    store.force({ pk: "", sk: "", ...permit, stopped: { at: 1, cause: "stopped" } });
    store.dies = false;
    const response = await api.post({ input: "x" }, key);
    expect(response.status).toBe(202);
    const id = await started(response);
    expect(await store.get(permitKey(id))).toMatchObject({ stopped: { at: 1 } });
  });

  test.each(["", "two words", "k".repeat(256)])("the key %j is not possible", async (bad) => {
    const response = await anApi().post({ input: "x" }, { "idempotency-key": bad });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "INVALID_IDEMPOTENCY_KEY" });
  });
});

describe("?wait= on POST", () => {
  test("answers 200 with the whole view as soon as the execution ends", async () => {
    const api = anApi();
    const answer = api.post({ input: "x" }, {}, "?wait=10");
    await settled();
    api.clock.advance(300);
    const item = api.store.items().find(({ sk }) => sk === "STATE");
    const id = String(item?.pk).slice("EXE#".length);
    putState(
      api.store,
      aState({
        executionId: id,
        status: "SUCCEEDED",
        endedAt: NOW + 300,
        outputTask: 1,
        tasks: [aTask(1, "coder", { status: "SUCCEEDED" })],
      }),
    );
    putRecord(api.store, "coder", 1, {
      pk: `TASK#coder#${id}.1`,
      executionId: id,
      taskId: `${id}.1`,
      status: "SUCCEEDED",
      answer: { text: "done" },
    });
    const { response, ms } = await answerWithin(api.clock, answer, 1_000);
    expect(response.status).toBe(200);
    expect(ms).toBeLessThanOrEqual(50);
    expect(response.headers.get("bulkhead-wait")).toBe("10");
    expect(ExecutionView.parse(await response.json())).toMatchObject({ status: "SUCCEEDED", output: "done" });
  });

  test("answers 202 with the view when time is up; 600 s are clamped to 25 and the header tells [bad-input 22]", async () => {
    const api = anApi();
    const { response, ms } = await answerWithin(api.clock, api.post({ input: "x" }, {}, "?wait=600"), 30_000);
    expect(response.status).toBe(202);
    expect(response.headers.get("bulkhead-wait")).toBe("25");
    expect(ms).toBeGreaterThanOrEqual(25_000);
    expect(ms).toBeLessThan(25_300);
    expect(ExecutionView.parse(await response.json()).status).toBe("RUNNING");
    // The interval grows to 250 ms: a waiting client costs about 4 reads a second.
    expect(api.store.requests.length).toBeLessThan(150);
  });

  test.each(["-1", "soon", "1.5", "", "1e1"])(
    "wait=%s is out of range, and nothing is started",
    async (wait) => {
      const api = anApi();
      const response = await api.post({ input: "x" }, {}, `?wait=${wait}`);
      expect(await problemOf(response)).toMatchObject({ status: 400, code: "OUT_OF_RANGE", path: "wait" });
      expect(api.store.items()).toEqual([]);
    },
  );
});

describe("limits and prices", () => {
  const models = {
    coder: { provider: "anthropic", model: "known", priced: true },
    planner: { provider: "glm", model: "brand-new", priced: false },
    critic: { provider: "anthropic", model: "known", priced: true },
  } as const;

  test("the default dollar budget is dropped when an agent that can be reached has no price", async () => {
    const api = anApi({ agentModels: models });
    const { state } = await stateOf(api, await started(await api.post({ input: "x" })));
    expect(state.limits).toMatchObject({ microUsd: null, tokens: LIMITS.tokensDefault });
    const view = (await (await api.request(`/executions/${state.executionId}`)).json()) as ExecutionView;
    expect(view.limits.usd).toBeNull();
  });

  test("an explicit dollar budget is then refused, naming the agents", async () => {
    const api = anApi({ agentModels: models });
    const response = await api.post({ input: "x", limits: { usd: 1 } });
    expect(await problemOf(response)).toMatchObject({
      status: 400,
      code: "PRICE_UNKNOWN",
      agents: ["planner"],
      path: "limits.usd",
    });
    expect(api.store.items()).toEqual([]);
  });

  test("an agent that no handoff leads to the unpriced one keeps its dollar budget", async () => {
    const api = anApi({ agentModels: models });
    const response = await api.post({ input: "x", agent: "critic", limits: { usd: 1 } });
    expect(response.status).toBe(202);
  });

  test("dollars become micro-dollars exactly", async () => {
    const api = anApi();
    for (const [usd, microUsd] of [
      [0.1, 100_000],
      [0.000001, 1],
      [10_000, 10_000_000_000],
      [1.1, 1_100_000],
    ] as const) {
      const { state } = await stateOf(api, await started(await api.post({ input: "x", limits: { usd } })));
      expect(state.limits.microUsd).toBe(microUsd);
    }
  });
});
