import { expect, test } from "vitest";
import { ExecutionList } from "../../../functions/shared/contracts/api.ts";
import { stateKey } from "../../../functions/shared/contracts/resources.ts";
import { type Api, anApi, aState, ID, putState } from "./api-fixture.ts";

const list = async (api: Api, query = ""): Promise<ExecutionList> =>
  ExecutionList.parse(await (await api.request(`/executions${query}`)).json());

const startMany = async (api: Api, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    api.clock.advance(n % 3);
    ids.unshift(
      ((await (await api.post({ input: `number ${n}` })).json()) as { executionId: string }).executionId,
    );
  }
  return ids;
};

test("60 executions come newest first, each once, in pages of 25", async () => {
  const api = anApi();
  await startMany(api, 60);
  const seen: string[] = [];
  const sizes: number[] = [];
  for (let query = "?limit=25"; query !== ""; ) {
    const page = await list(api, query);
    sizes.push(page.executions.length);
    seen.push(...page.executions.map(({ createdAt, executionId }) => `${createdAt} ${executionId}`));
    query = page.next === undefined ? "" : `?limit=25&page=${encodeURIComponent(page.next)}`;
  }
  expect(sizes).toEqual([25, 25, 10]);
  expect(new Set(seen).size).toBe(60);
  expect(seen).toEqual([...seen].sort().reverse());
});

test("25 are listed when no limit is given", async () => {
  const api = anApi();
  await startMany(api, 30);
  expect((await list(api)).executions).toHaveLength(25);
});

test("?status= lists only those, and its pages go on with the same status", async () => {
  const api = anApi();
  const ids = await startMany(api, 6);
  for (const id of ids.slice(0, 4)) {
    const item = await api.store.get(stateKey(id));
    const state = { ...JSON.parse(String(item?.["body"])), status: "FAILED" };
    api.store.force({ ...stateKey(id), ...item, status: "FAILED", body: JSON.stringify(state) });
  }
  const first = await list(api, "?status=FAILED&limit=3");
  const second = await list(api, `?status=FAILED&limit=3&page=${first.next}`);
  expect([...first.executions, ...second.executions].map(({ executionId }) => executionId).sort()).toEqual(
    ids.slice(0, 4).sort(),
  );
  expect(second.next).toBeUndefined();
});

test("an index that is behind does not show an execution under a status it no longer has", async () => {
  const api = anApi();
  putState(api.store, aState({ status: "SUCCEEDED" }));
  const item = await api.store.get(stateKey(ID));
  api.store.force({ ...stateKey(ID), ...item, status: "RUNNING" });
  expect((await list(api, "?status=RUNNING")).executions).toEqual([]);
});

test("a summary shows the first 80 characters of the input, whole ones", async () => {
  const api = anApi();
  await api.post({ input: "😀".repeat(200) });
  expect((await list(api)).executions[0]?.input).toBe("😀".repeat(80));
});

test("the signing secret is asked for only when a token is made or opened", async () => {
  let asked = 0;
  const api = anApi({
    tokenSecret: async () => {
      asked += 1;
      return "secret";
    },
  });
  await startMany(api, 2);
  await list(api);
  expect(asked).toBe(0);
  await list(api, "?limit=1");
  expect(asked).toBe(1);
});
