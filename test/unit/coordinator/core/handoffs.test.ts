import { expect, test } from "vitest";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import {
  failed,
  failFast,
  given,
  handoff,
  parallel,
  quorum,
  resumeTask,
  START,
  scheduleTask,
  single,
  started,
  stopTasks,
  succeeded,
  suspended,
  transfer,
  under,
} from "../../../support/given.ts";

const many = (count: number, agent = "planner"): string[] => Array.from({ length: count }, () => agent);

test("a parallel handoff schedules its branches and suspends the requester", () => {
  const { state } = given(started())
    .when(suspended(1, [parallel("planner", "critic")]))
    .thenCommands(scheduleTask(2), scheduleTask(3))
    .thenEvents("HandoffRequested 1 by 1: 2 3", "TaskScheduled 2 planner", "TaskScheduled 3 critic")
    .andAgainNothing();
  expect(state.tasks.map(({ status, depth }) => [status, depth])).toEqual([
    ["SUSPENDED", 0],
    ["SCHEDULED", 1],
    ["SCHEDULED", 1],
  ]);
});

test("the first answer of two waits for the second", () => {
  given(started(), suspended(1, [parallel("planner", "critic")]))
    .when(succeeded(3))
    .thenCommands()
    .thenEvents("TaskSucceeded 3");
});

test("the second answer joins the branches, in declared order, and resumes the coder", () => {
  given(started(), suspended(1, [parallel("planner", "critic")]), succeeded(3))
    .when(succeeded(2))
    .thenCommands(resumeTask(1))
    .thenEvents("TaskSucceeded 2", "HandoffCompleted 1: succeeded succeeded", "TaskResumed 1")
    .andAgainNothing();
});

test("a suspension that was carried out is no news after the resume, and the next one is", () => {
  const resumed = given(started(), suspended(1, [single("critic")]), succeeded(2));
  resumed.when(suspended(1, [single("critic")])).thenNothing();
  resumed
    .when(suspended(1, [single("planner")], { k: 2 }))
    .thenCommands(scheduleTask(3))
    .thenEvents("HandoffRequested 2 by 1: 3", "TaskScheduled 3 planner");
});

test("[bad-input 30] collect: the failed branch stands labelled beside the other's answer", () => {
  given(started(), suspended(1, [parallel("planner", "critic")]), failed(2, "Refused"))
    .when(succeeded(3))
    .thenCommands(resumeTask(1))
    .thenEvents("TaskSucceeded 3", "HandoffCompleted 1: failed succeeded", "TaskResumed 1");
});

test("[bad-input 31] fail-fast: a final failure stops the siblings and whatever they asked for", () => {
  given(
    started(),
    suspended(1, [failFast("planner", "critic", "critic")]),
    suspended(3, [parallel("planner", "planner")]),
    succeeded(4),
    succeeded(5),
  )
    .when(failed(2, "Refused"))
    .thenCommands(stopTasks("fail-fast: another branch did not succeed", 3, 6), resumeTask(1))
    .thenEvents(
      "TaskFailed 2 Refused",
      "TaskAborted 3",
      "TaskAborted 6",
      "HandoffCompleted 1: failed aborted succeeded",
      "TaskResumed 1",
    )
    .andAgainNothing();
});

test("fail-fast: a failure that is retried stops nobody", () => {
  given(started(), suspended(1, [failFast("planner", "critic")]))
    .when(failed(2, "RateLimited"))
    .thenEvents("TaskFailed 2 RateLimited", "TaskRetryScheduled 2 attempt 2");
});

test("fail-fast: what had succeeded when the failure was seen is kept", () => {
  given(started(), suspended(1, [failFast("planner", "critic")]))
    .when(failed(2, "Refused"), succeeded(3))
    .thenCommands(resumeTask(1))
    .thenEvents(
      "TaskSucceeded 3",
      "TaskFailed 2 Refused",
      "HandoffCompleted 1: failed succeeded",
      "TaskResumed 1",
    );
});

test("quorum: enough answers join, the rest is stopped", () => {
  given(started(), suspended(1, [quorum(2, "planner", "critic", "critic")]), succeeded(4))
    .when(succeeded(3))
    .thenCommands(stopTasks("the quorum of 2 is reached", 2), resumeTask(1))
    .thenEvents(
      "TaskSucceeded 3",
      "TaskAborted 2",
      "HandoffCompleted 1: aborted succeeded succeeded",
      "TaskResumed 1",
    );
});

test("quorum: answers seen in one look all count", () => {
  given(started(), suspended(1, [quorum(1, "planner", "critic")]))
    .when(succeeded(2), succeeded(3))
    .thenCommands(resumeTask(1))
    .thenEvents(
      "TaskSucceeded 2",
      "TaskSucceeded 3",
      "HandoffCompleted 1: succeeded succeeded",
      "TaskResumed 1",
    );
});

test("quorum: as soon as it cannot be reached any more, the rest is stopped", () => {
  given(started(), suspended(1, [quorum(2, "planner", "critic", "critic")]), failed(2, "Refused"))
    .when(failed(3, "Refused"))
    .thenCommands(stopTasks("the quorum of 2 can no longer be reached", 4), resumeTask(1))
    .thenEvents(
      "TaskFailed 3 Refused",
      "TaskAborted 4",
      "HandoffCompleted 1: failed failed aborted",
      "TaskResumed 1",
    );
});

test("[bad-input 33] a quorum larger than the handoff, should a record ask for one, joins at once", () => {
  given(started())
    .when(suspended(1, [quorum(3, "planner", "critic")]))
    .thenCommands(stopTasks("the quorum of 3 can no longer be reached", 2, 3), resumeTask(1))
    .andAgainNothing();
});

test("[bad-input 29] two handoff calls in one turn each join for themselves; the task resumes once, after both", () => {
  const both = given(
    started(),
    suspended(1, [single("planner"), failFast("critic", "critic")]),
    failed(3, "Refused"),
  );
  expect(both.state.handoffs.map(({ status }) => status)).toEqual(["OPEN", "JOINED"]);
  expect(both.state.tasks[0]?.status).toBe("SUSPENDED");
  both
    .when(succeeded(2))
    .thenCommands(resumeTask(1))
    .thenEvents("TaskSucceeded 2", "HandoffCompleted 1: succeeded", "TaskResumed 1");
});

test("a transfer's answer becomes the requester's answer, in its place", () => {
  const { state } = given(started(), suspended(1, [transfer("critic")]))
    .when(succeeded(2))
    .thenCommands()
    .thenEvents(
      "TaskSucceeded 2",
      "HandoffCompleted 1: succeeded",
      "TaskSucceeded 1 via 2",
      "ExecutionSucceeded 2",
    );
  expect(state.outputTask).toBe(2);
});

test("a branch that transferred joins its own handoff under its own name", () => {
  const chain = given(
    started(),
    suspended(1, [parallel("planner", "critic")]),
    suspended(2, [transfer("coder")]),
    suspended(4, [transfer("critic")]),
    succeeded(3),
  );
  chain
    .when(succeeded(5))
    .thenCommands(resumeTask(1))
    .thenEvents(
      "TaskSucceeded 5",
      "HandoffCompleted 3: succeeded",
      "TaskSucceeded 4 via 5",
      "HandoffCompleted 2: succeeded",
      "TaskSucceeded 2 via 4",
      "HandoffCompleted 1: succeeded succeeded",
      "TaskResumed 1",
    )
    .andAgainNothing();
});

test("a transfer passes its target's answer on, whoever else answered in the same look", () => {
  const { decision } = given(
    started(),
    suspended(1, [parallel("planner", "critic")]),
    suspended(2, [transfer("coder")]),
    suspended(3, [single("planner")]),
  ).when(succeeded(4, { preview: "the target's" }), succeeded(5, { preview: "another's" }));
  expect(decision.events.find((event) => event.type === "TaskSucceeded" && event.via === 4)).toMatchObject({
    task: 2,
    preview: "the target's",
  });
});

test("a transfer's failure is the requester's, without a retry of the requester", () => {
  given(started(), suspended(1, [transfer("critic")]))
    .when(failed(2, "Refused"))
    .thenCommands()
    .thenEvents(
      "TaskFailed 2 Refused",
      "HandoffCompleted 1: failed",
      "TaskFailed 1 Refused via 2",
      "ExecutionFailed Refused",
    );
});

test("the target's own Retry applies to a transfer", () => {
  given(started(), suspended(1, [transfer("critic")]))
    .when(failed(2, "Internal"))
    .thenEvents("TaskFailed 2 Internal", "TaskRetryScheduled 2 attempt 2");
});

test("a stop that a transfer's target obeyed ends the requester as aborted, for the same cause", () => {
  const { state } = given(started(), suspended(1, [transfer("critic")]))
    .when(failed(2, "Aborted", { message: "enough" }))
    .thenEvents("TaskAborted 2", "HandoffCompleted 1: aborted", "TaskAborted 1", "ExecutionAborted");
  expect(state.tasks[0]?.failure?.message).toBe("enough");
});

test("a transfer beside another handoff, should a record ask for it, takes that one with it", () => {
  given(started(), suspended(1, [transfer("critic"), single("planner")]))
    .when(succeeded(2))
    .thenCommands(stopTasks("its requester has ended", 3))
    .thenEvents(
      "TaskSucceeded 2",
      "HandoffCompleted 1: succeeded",
      "TaskSucceeded 1 via 2",
      "TaskAborted 3",
      "ExecutionSucceeded 2",
    );
});

test("handoffs nest: the inner join resumes the branch, the outer one the coder", () => {
  const nested = given(started(), suspended(1, [single("planner")]), suspended(2, [single("critic")]));
  nested
    .when(succeeded(3))
    .thenCommands(resumeTask(2))
    .thenEvents("TaskSucceeded 3", "HandoffCompleted 2: succeeded", "TaskResumed 2");
});

test("[bad-input 24] a branch for an agent that does not exist fails at once, the others run", () => {
  given(started())
    .when(suspended(1, [parallel("plannner", "critic")]))
    .thenCommands(scheduleTask(3))
    .thenEvents(
      "HandoffRequested 1 by 1: 2 3",
      "TaskScheduled 2 plannner",
      "TaskFailed 2 AgentNotFound",
      "TaskScheduled 3 critic",
    );
});

test("a handoff whose branches all fail at once joins at once", () => {
  given(started())
    .when(suspended(1, [single("plannner")]))
    .thenCommands(resumeTask(1))
    .thenEvents(
      "HandoffRequested 1 by 1: 2",
      "TaskScheduled 2 plannner",
      "TaskFailed 2 AgentNotFound",
      "HandoffCompleted 1: failed",
      "TaskResumed 1",
    );
});

test("[bad-input 26] a handoff deeper than the limit fails its branch, transfers included", () => {
  const deep = given(under({ limits: { depth: 1 } }), started(), suspended(1, [transfer("planner")]));
  deep
    .when(suspended(2, [single("coder")]))
    .thenCommands(resumeTask(2))
    .thenEvents(
      "HandoffRequested 2 by 2: 3",
      "TaskScheduled 3 coder",
      "TaskFailed 3 DepthExceeded",
      "HandoffCompleted 2: failed",
      "TaskResumed 2",
    );
});

test("branches beyond the number of tasks allowed fail, those before them run", () => {
  const full = given(
    started(),
    ...[1, 2, 3, 4].flatMap((k) => [
      suspended(1, [parallel(...many(100))], { k }),
      Array.from({ length: 100 }, (_, index) => succeeded(2 + (k - 1) * 100 + index)),
    ]),
    suspended(1, [parallel(...many(98))], { k: 5 }),
    Array.from({ length: 98 }, (_, index) => succeeded(402 + index)),
  );
  expect(full.state.tasks).toHaveLength(LIMITS.tasksMax - 1);
  full
    .when(suspended(1, [parallel("planner", "critic", "critic")], { k: 6 }))
    .thenCommands(scheduleTask(500))
    .thenEvents(
      "HandoffRequested 6 by 1: 500 501 502",
      "TaskScheduled 500 planner",
      "TaskScheduled 501 critic",
      "TaskFailed 501 TooManyTasks",
      "TaskScheduled 502 critic",
      "TaskFailed 502 TooManyTasks",
    );
});

test("an execution that runs out of task numbers fails, visibly", () => {
  const ask = (last: number) => {
    const calls = [...many(9).map(() => 100), last].map((count) => parallel(...many(count, "nobody")));
    return given(under({ limits: { events: 20_000 } }), started()).when(suspended(1, calls));
  };
  expect(ask(98).state.tasks).toHaveLength(999);
  const { state } = ask(99).thenEvents("TaskAborted 1", "ExecutionFailed TooManyTasks");
  expect(state.failure?.message).toBe("more than 999 tasks in one execution");
});

test("a fan-out that the outbox has no room for waits; a look at more room carries it out", () => {
  const waiting = given(started(), under({ outboxRoom: 1 }));
  const { decision } = waiting.when(suspended(1, [parallel("planner", "critic")])).thenNothing();
  expect(decision.postponed).toBe(true);
  given(started(), under({ outboxRoom: 2 }))
    .when(suspended(1, [parallel("planner", "critic")]))
    .thenCommands(scheduleTask(2), scheduleTask(3));
});

test("the calls of one suspension go out in waves, and none joins for the others", () => {
  const wave = suspended(1, [parallel(...many(60)), parallel(...many(60, "critic"))]);
  const first = given(started()).when(wave);
  expect(first.decision.commands).toHaveLength(60);
  expect(first.decision.postponed).toBe(true);

  const firstWaveDone = given(
    started(),
    wave,
    Array.from({ length: 60 }, (_, index) => succeeded(2 + index)),
  );
  expect(firstWaveDone.state.tasks[0]?.status).toBe("SUSPENDED");
  const second = firstWaveDone.when(wave);
  expect(second.decision.commands).toHaveLength(60);
  expect(second.decision.postponed).toBe(false);
  second.andAgainNothing();
});

test("a join whose resume finds no room resumes at the next look", () => {
  const joined = given(
    started(),
    suspended(1, [single("critic")]),
    under({ outboxRoom: 0 }),
    succeeded(2),
    under({ outboxRoom: 100 }),
  );
  expect(joined.state.handoffs[0]?.status).toBe("JOINED");
  expect(joined.state.tasks[0]?.status).toBe("SUSPENDED");
  joined.when({ type: "ClockTicked" }).thenCommands(resumeTask(1)).thenEvents("TaskResumed 1");
});

test("P11: a resume takes one place in the outbox; without it, somebody must look again", () => {
  const asked = [started(), suspended(1, [single("critic")])];
  const { decision } = given(...asked, under({ outboxRoom: 0 }))
    .when(succeeded(2))
    .thenEvents("TaskSucceeded 2", "HandoffCompleted 1: succeeded");
  expect(decision.postponed).toBe(true);
  given(...asked, under({ outboxRoom: 1 }))
    .when(succeeded(2))
    .thenCommands(resumeTask(1));
});

test("a branch that fails at once takes no place in the outbox", () => {
  given(started(), under({ outboxRoom: 1 }))
    .when(suspended(1, [parallel("nobody", "critic")]))
    .thenCommands(scheduleTask(3));
});

test("what a suspension began is not added to by a record that says otherwise", () => {
  const calls = [single("planner"), single("critic")];
  given(started(), under({ outboxRoom: 1 }), suspended(1, calls), under({ outboxRoom: LIMITS.outboxMax }))
    .when(suspended(1, [...calls, single("critic")]))
    .thenCommands(scheduleTask(3));
});

test("the event of a handoff says its deadline and the number of its calls only where there are any", () => {
  const requested = (...calls: Parameters<typeof suspended>[1][number][]) =>
    given(started()).when(suspended(1, calls)).decision.events[0];
  expect(requested(single("critic"))).not.toHaveProperty("calls");
  expect(requested(single("critic"))).not.toHaveProperty("deadlineAt");
  expect(requested(single("critic", { deadlineSeconds: 5 }), single("planner"))).toMatchObject({
    calls: 2,
    deadlineAt: START + 5_000,
  });
});

test("why a branch failed at once is said in words", () => {
  const messageFor = (agent: string) =>
    given(under({ limits: { depth: 0 } }), started())
      .when(suspended(1, [single(agent)]))
      .decision.events.find((event) => event.type === "TaskFailed")?.failure.message;
  expect(messageFor("nobody")).toBe("there is no agent named nobody");
  expect(messageFor("critic")).toBe("handoffs may nest 0 deep; this would be 1");
});

test("two branches of the same agent are two tasks", () => {
  given(started())
    .when(suspended(1, [handoff("parallel", ["critic", "critic"])]))
    .thenCommands(scheduleTask(2), scheduleTask(3));
});

test("an execution whose history is full fails while its end still fits", () => {
  const { state } = given(under({ limits: { events: 10 } }), started(), suspended(1, [single("critic")]))
    .when(suspended(2, [parallel("planner", "planner", "planner")]))
    .thenCommands({ type: "StopExecution", cause: "the execution failed: TooManyEvents" })
    .thenEvents("TaskAborted 1", "TaskAborted 2", "ExecutionFailed TooManyEvents");
  expect(state.eventCount).toBeLessThanOrEqual(10);
  expect(state.failure?.message).toBe("the history would need more than the 10 events allowed");
});

test("a history that holds exactly its end's last event is not full", () => {
  // Two to begin, three for the handoff, and an end for each of three tasks and the execution.
  const lookAt = (events: number) =>
    given(under({ limits: { events } }), started()).when(suspended(1, [parallel("planner", "critic")]));
  lookAt(9).thenCommands(scheduleTask(2), scheduleTask(3));
  lookAt(8).thenEvents("TaskAborted 1", "ExecutionFailed TooManyEvents");
});

test("previews of a wide fan-out share what one of them may take", () => {
  const call = parallel(...many(100));
  const long = {
    ...call,
    to: call.to.map((target) => ({
      ...target,
      packet: { ...target.packet, task: { inline: "x".repeat(5000) } },
    })),
  };
  const { decision } = given(started()).when(suspended(1, [long]));
  const [requested] = decision.events;
  expect(requested?.type).toBe("HandoffRequested");
  expect(JSON.stringify(requested).length).toBeLessThan(16 * 1024);
});
