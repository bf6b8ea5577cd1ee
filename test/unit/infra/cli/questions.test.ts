import { expect, test } from "vitest";
import type { QuestionView } from "../../../../functions/shared/contracts/question.ts";
import { problem, type Route, startExecutionApi } from "./fake-api.ts";
import { bulkhead, FakeProcess } from "./fake-process.ts";
import { at, execution, finished, ID, standardEvents } from "./standard-execution.ts";

const approval: QuestionView = {
  task: 2,
  requester: 1,
  agent: "coder",
  kind: "approval",
  question: 'May "publish" be run with these arguments?',
  tool: "publish",
  input: '{"to":"all\\u001b[2Jyou","note":"hi"}',
  askedAt: at(1_000),
  expiresAt: at(60_000),
};
const question: QuestionView = {
  task: 3,
  requester: 1,
  agent: "coder",
  kind: "question",
  question: "Which store?\u001b[2J",
  options: ["Redis", "the table"],
  askedAt: at(1_000),
  expiresAt: at(60_000),
};

/** An execution that waits for one answer and then ends. */
const asking = async (open: readonly QuestionView[], more: Readonly<Record<string, Route>> = {}) => {
  const answers: { path: string; body: unknown }[] = [];
  const isAnswered = () => answers.length >= open.length;
  const view = () =>
    isAnswered() ? finished : execution({ questions: open.filter((_, index) => index >= answers.length) });
  const answer: Route = ({ path, body }) => {
    answers.push({ path, body });
    return { status: 202, body: { executionId: ID, task: 2, answeredAt: at(2_000) } };
  };
  const api = await startExecutionApi(standardEvents, finished, {
    [`GET /executions/${ID}`]: () => ({ body: view() }),
    [`GET /executions/${ID}/history`]: ({ query }) => {
      const events = standardEvents.filter(({ n }) => n > Number(query["after"]) && (isAnswered() || n <= 2));
      return { body: { status: isAnswered() ? "SUCCEEDED" : "RUNNING", events } };
    },
    [`POST /executions/${ID}/tasks/2/answer`]: answer,
    [`POST /executions/${ID}/tasks/3/answer`]: answer,
    ...more,
  });
  return { ...api, answers };
};

const terminal = { columns: 80 };

test("run asks on a terminal, shows the raw arguments, and sends an approval", async () => {
  const { url, answers } = await asking([approval]);
  const { exitCode, stderr } = await bulkhead(["run", "Write", "--api", url], { terminal, typed: ["yes"] });
  expect(exitCode).toBe(0);
  expect(answers).toEqual([{ path: `/executions/${ID}/tasks/2/answer`, body: { decision: "approve" } }]);
  expect(stderr).toContain("publish");
  expect(stderr).toContain('"note": "hi"');
  // JSON escapes what could move the cursor, and is shown as JSON.
  expect(stderr).toContain('"to": "all\\u001b[2Jyou"');
});

test("nothing but a clear yes approves, and a no needs its reason", async () => {
  const { url, answers } = await asking([approval]);
  const typed = ["", "maybe", "yes, but", "no", " ", "not on a Friday"];
  await bulkhead(["run", "Write", "--api", url], { terminal, typed });
  expect(answers).toEqual([
    {
      path: `/executions/${ID}/tasks/2/answer`,
      body: { decision: "reject", reason: "not on a Friday" },
    },
  ]);
});

test.each([
  ["2", "the table"],
  ["SQLite", "SQLite"],
  ["7", "7"],
])("a question is answered by number or in own words: %s", async (line, text) => {
  const { url, answers } = await asking([question]);
  const { stderr } = await bulkhead(["run", "Write", "--api", url], { terminal, typed: ["", line] });
  expect(answers.map(({ body }) => body)).toEqual([{ text }]);
  expect(stderr).toContain("1) Redis");
  expect(stderr).not.toContain("Which store?\u001b[2J");
});

test("several questions are asked one after the other", async () => {
  const { url, answers } = await asking([approval, question]);
  await bulkhead(["run", "Write", "--api", url], { terminal, typed: ["y", "1"] });
  expect(answers.map(({ body }) => body)).toEqual([{ decision: "approve" }, { text: "Redis" }]);
});

test("Ctrl-C at a question leaves it open, says how to answer it, and the execution goes on", async () => {
  const { url, received, answers } = await asking([approval]);
  const process = new FakeProcess({ terminal, typed: [undefined] });
  const ran = process.run("run", "Write", "--api", url);
  await expect.poll(() => process.written.stderr).toContain(`answer ${ID} 2 --api ${url} --approve`);
  expect(received.some(({ path }) => path.endsWith("/stop"))).toBe(false);
  expect(answers).toEqual([]);
  // Somebody else answers.
  await fetch(`${url}/executions/${ID}/tasks/2/answer`, { method: "POST", body: "{}" });
  expect((await ran).exitCode).toBe(0);
});

test("run without a terminal says what is asked and how to answer it", async () => {
  const { url } = await asking([question]);
  const process = new FakeProcess();
  const ran = process.run("run", "Write", "--api", url);
  await expect.poll(() => process.written.stderr).toContain("Which store?");
  expect(process.written.stderr).toContain(`answer ${ID} 3 --api ${url} --text "your answer"`);
  await fetch(`${url}/executions/${ID}/tasks/3/answer`, { method: "POST", body: "{}" });
  expect((await ran).exitCode).toBe(0);
});

test("what is longer than the view tells is fetched whole before anybody approves it", async () => {
  const whole = JSON.stringify({ to: "x".repeat(3_000) });
  const cut = { ...approval, input: whole.slice(0, 100), inputBytes: whole.length };
  const { url } = await asking([cut], {
    [`GET /executions/${ID}/tasks/2`]: () => ({
      body: { ...finished.tasks[0], request: "", turnList: [], question: { ...approval, input: whole } },
    }),
  });
  const { stderr } = await bulkhead(["run", "Write", "--api", url], { terminal, typed: ["y"] });
  expect(stderr).toContain("x".repeat(3_000));
});

test.each([
  [["--approve"], { decision: "approve" }],
  [["--reject", "too early"], { decision: "reject", reason: "too early" }],
  [["--text", "Redis"], { text: "Redis" }],
])("answer %s answers the only open question", async (flags, body) => {
  const { url, answers } = await asking([approval]);
  const { exitCode, stdout } = await bulkhead(["answer", ID, ...flags, "--api", url]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `answered task 2 of ${ID}\n` });
  expect(answers).toEqual([{ path: `/executions/${ID}/tasks/2/answer`, body }]);
});

test("answer without an answer shows what is asked", async () => {
  const { url, answers } = await asking([question], {
    [`GET /executions/${ID}/tasks/3`]: () => ({
      body: { ...finished.tasks[0], request: "", turnList: [], question },
    }),
  });
  const { stdout, exitCode } = await bulkhead(["answer", ID, "--api", url]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("coder (task 1) asks you, as task 3");
  expect(stdout).toContain("2) the table");
  expect(stdout).not.toContain("only the beginning");
  expect(answers).toEqual([]);
});

test("answer says when nothing is asked", async () => {
  const { url } = await asking([]);
  expect(await bulkhead(["answer", "last", "--api", url])).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "nothing is asked\n",
  });
  expect((await bulkhead(["answer", "last", "--json", "--api", url])).stdout).toBe("[]\n");
  expect(await bulkhead(["answer", "last", "--approve", "--api", url])).toMatchObject({ exitCode: 1 });
});

test("answer does not guess which question is meant, nor which answer", async () => {
  const { url } = await asking([approval, question]);
  expect(await bulkhead(["answer", ID, "--approve", "--api", url])).toMatchObject({
    exitCode: 2,
    stderr: "bulkhead: several things are asked; name one of the tasks 2, 3\n",
  });
  expect(await bulkhead(["answer", ID, "--approve", "--text", "x", "--api", url])).toMatchObject({
    exitCode: 2,
  });
});

test("answer is patient while a question is still being asked, and tells a refusal", async () => {
  let tries = 0;
  const { url } = await asking([approval], {
    [`POST /executions/${ID}/tasks/2/answer`]: () => {
      tries += 1;
      return tries === 1
        ? problem(503, "UNAVAILABLE", "nothing was lost; try again in 1 s")
        : problem(409, "ALREADY_ANSWERED", "task 2 has another answer already");
    },
  });
  expect(await bulkhead(["answer", ID, "--approve", "--api", url])).toMatchObject({
    exitCode: 1,
    stderr: "bulkhead: task 2 has another answer already (ALREADY_ANSWERED)\n",
  });
  expect(tries).toBe(2);
});

test("show lists open questions", async () => {
  const { url } = await asking([approval]);
  const { stdout } = await bulkhead(["show", ID, "--api", url]);
  expect(stdout).toContain("open questions");
  expect(stdout).toContain("coder (task 1) asks for your approval, as task 2");
});
