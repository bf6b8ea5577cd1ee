import { afterAll, beforeAll, expect, test } from "vitest";
import { ExecutionList } from "../../functions/shared/contracts/api.ts";
import { openTarget } from "../support/open-target.ts";
import { deployedTeam } from "../support/open-team.ts";
import { Target } from "../support/target.ts";

let target: Target;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ target, close } = await openTarget());
});
afterAll(() => close());

test.runIf(process.env["BULKHEAD_KEY"])(
  "without a key, or with a wrong one, nothing is run [bad-input 1]",
  async () => {
    for (const stranger of [new Target(target.url), new Target(target.url, "the-wrong-key")]) {
      expect((await stranger.post("/executions", { input: "[[quick]] No key" })).status).toBe(403);
    }
  },
);

test("an input over 256 KiB is refused, one just under it is carried whole [bad-input 6]", async () => {
  const over = await target.post("/executions", { input: `[[quick]] ${"x".repeat(256 * 1024)}` });
  expect(over.status).toBe(413);
  expect(await over.json()).toMatchObject({ code: "INPUT_TOO_LARGE" });
  const input = `[[quick]] ${"word ".repeat(50_000)}`;
  const view = await target.run(input, { limits: { tokens: 2_000_000, usd: 50 } });
  expect(view.status).toBe("SUCCEEDED");
  const { request, requestBytes = request.length } = await target.task(view.executionId, 1);
  expect(requestBytes).toBe(input.length);
});

test("a long poll answers when something happens, and not before", async () => {
  const id = await target.start("[[stop-me]] Think for a long time");
  await target.until(id, (view) => view.tasks[0]?.doing === "model");
  const events = (await target.history(id)).length;
  const poll = target.fetch(`/executions/${id}/history?after=${events}&wait=20`);
  expect((await target.post(`/executions/${id}/stop`)).status).toBe(202);
  const page = (await (await poll).json()) as { events: { n: number }[] };
  expect(page.events[0]?.n).toBe(events + 1);
  expect((await target.end(id)).status).toBe("ABORTED");
});

test("executions are listed newest first, page by signed page", async () => {
  const first = await target.start("[[quick]] First");
  const second = await target.start("[[quick]] Second");
  const listed: string[] = [];
  let next: string | undefined;
  do {
    const query = next === undefined ? "" : `&page=${encodeURIComponent(next)}`;
    const page = ExecutionList.parse(await (await target.fetch(`/executions?limit=1${query}`)).json());
    listed.push(...page.executions.map(({ executionId }) => executionId));
    next = page.next;
  } while (!listed.includes(first) && next !== undefined);
  expect(listed.indexOf(second)).toBeGreaterThanOrEqual(0);
  expect(listed.indexOf(second)).toBeLessThan(listed.indexOf(first));
  const forged = await target.fetch(`/executions?page=${encodeURIComponent("forged")}`);
  expect([forged.status, await forged.json()]).toMatchObject([400, { code: "INVALID_TOKEN" }]);
});

test("an execution that is not there is a 404, whatever is asked of it [bad-input 2]", async () => {
  const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  for (const path of ["", "/history", "/files", "/tasks/1"]) {
    const response = await target.fetch(`/executions/${id}${path}`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "EXECUTION_NOT_FOUND" }]);
  }
});

test("it says who works here and how it is called", async () => {
  const agents = (await (await target.fetch("/agents")).json()) as { agents: { name: string }[] };
  expect(agents.agents.map(({ name }) => name)).toEqual(deployedTeam());
  expect(await (await target.fetch("/openapi.json")).json()).toMatchObject({ openapi: "3.1.0" });
  expect((await target.fetch("/health")).status).toBe(200);
});
