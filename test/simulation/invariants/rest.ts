import type { TaskState } from "../../../functions/shared/contracts/execution-state.ts";
import { splitTaskId, taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { mayAnswer, planIdIn } from "../plan.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";
import { orphanedOwners } from "./orphaned-owners.ts";
import type { Ownerships } from "./ownership.ts";
import { openOf } from "./permit-view.ts";

/** Invariants 15 to 18: what must be true when the world has come to rest, or should have. */
export const rest = (books: Books, ownerships: Ownerships): StateWatch => {
  const hinted = new Set<string>();
  const orphans = orphanedOwners(ownerships);

  const checkEnded = (executionId: string): void => {
    const view = books.view(executionId);
    const mayNeedSweeper = !hinted.has(executionId) || hasOrphan(executionId, view?.state.tasks ?? []);
    const isExcused = books.scene.ablation.kind === "sweeper" && mayNeedSweeper;
    must(view?.item["status"] !== "RUNNING" || isExcused, 15, () => `${executionId} has not ended`);
  };

  const hasOrphan = (executionId: string, tasks: readonly TaskState[]): boolean =>
    tasks.some(({ agent, n }) => orphans.owns(books.peek(taskKey(agent, taskIdOf(executionId, n)))));

  const checkOutbox = (executionId: string): void => {
    const view = books.view(executionId);
    const left = Object.keys(view?.outbox ?? {});
    must(
      left.length === 0 || view?.item["status"] === "RUNNING",
      16,
      () => `${executionId} leaves ${left} in its outbox`,
    );
    const { deadLetters, vanished } = books.parts.queues;
    if (deadLetters.length + vanished.length > 0) return;
    for (const [n, { id }] of Object.entries(openOf(books.permit(executionId)))) {
      const task = view?.state.tasks[Number(n) - 1];
      const record = books.peek(taskKey(task?.agent ?? "", taskIdOf(executionId, Number(n))));
      must(
        record?.["status"] === "SCHEDULED",
        16,
        () => `${executionId}.${n} has ended and keeps ${id} reserved`,
      );
    }
  };

  const checkQueues = (): void => {
    const { queues } = books.parts;
    must(!queues.hasWaiting() || books.scene.ablation.kind === "sweeper", 17, () => {
      const [message] = queues.waiting();
      return `${queues.waiting().length} messages never come to rest: ${message?.queue} ${message?.body}`;
    });
  };

  const checkAnswer = (executionId: string): void => {
    const view = books.view(executionId);
    if (view?.item["status"] !== "SUCCEEDED" || books.isGarbage(executionId)) return;
    const { input, outputTask = 0, tasks } = view.state;
    const record = books.peek(taskKey(tasks[outputTask - 1]?.agent ?? "", taskIdOf(executionId, outputTask)));
    const answer = record?.["answer"] as { text?: string; preview?: string } | undefined;
    const text = answer?.text ?? answer?.preview ?? "";
    const plan = planIdIn("inline" in input ? input.inline : "");
    const answered = Number(/^answer of plan (\d+)\./.exec(text)?.[1] ?? -1);
    must(
      mayAnswer(books.plans.get(plan)).includes(answered),
      6,
      () => `${executionId} of plan ${plan} ends with "${text.slice(0, 40)}"`,
    );
  };

  const checkDamage = (executionId: string): void => {
    const state = books.view(executionId)?.state;
    const isOwnDoing = state?.failure?.message.startsWith("the coordinator failed") === true;
    const damage = books.damaged.get(executionId);
    must(
      !isOwnDoing || damage === "refused record",
      15,
      () => `${executionId} is ended because the coordinator threw three times`,
      "P16",
    );
    if (damage === "unreadable state" && state?.status !== "RUNNING") {
      must(state?.failure?.name === "StateUnreadable", 15, () => `${executionId} outlives its state`, "P16");
    }
  };

  /** Every accepted POST has an execution, and every execution a POST. */
  const checkAccepted = (): void => {
    const { users } = books.parts;
    const ofPlan = new Map<number, string[]>();
    for (const executionId of books.executionIds) {
      const input = books.view(executionId)?.state.input;
      const plan = planIdIn(input !== undefined && "inline" in input ? input.inline : "");
      ofPlan.set(plan, [...(ofPlan.get(plan) ?? []), executionId]);
    }
    for (const { wish, accepted, posts } of users.told) {
      const executions = ofPlan.get(wish.plan.id) ?? [];
      for (const id of accepted) {
        must(executions.includes(id), 18, () => `${id} was accepted and does not exist`, "P2");
      }
      const most = wish.key === undefined ? posts : 1;
      must(executions.length <= most, 18, () => `${executions.length} executions of ${posts} POSTs`, "P2");
      ofPlan.delete(wish.plan.id);
    }
    must(ofPlan.size === 0, 18, () => "an execution that nobody asked for");
  };

  return {
    ...orphans.watch,
    sent({ message }) {
      hinted.add(message.kind === "look" ? message.executionId : splitTaskId(message.taskId).executionId);
    },
    atEnd() {
      for (const executionId of books.executionIds) {
        checkEnded(executionId);
        checkOutbox(executionId);
        checkAnswer(executionId);
        checkDamage(executionId);
      }
      checkQueues();
      checkAccepted();
    },
  };
};
