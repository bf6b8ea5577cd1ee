import type { OutboxEntry } from "../../../functions/shared/contracts/command.ts";
import { taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch, StateWrite } from "./books.ts";
import { claimOf } from "./ownership.ts";

/** Invariant 4, of work that is sent anew: seldom enough for no storm, and to nobody who is at work (P10). */
export const calmResending = (books: Books): StateWatch => {
  const checkResent = (write: StateWrite, { at, command }: OutboxEntry): void => {
    if (command.type !== "SendWork" || write.before === undefined) return;
    const { executionId, process, before, after } = write;
    const { times } = books.scene;
    const task = before.state.tasks[command.task - 1];
    const taskId = taskIdOf(executionId, command.task);
    const read = books.lastRead(process, taskKey(task?.agent ?? "", taskId));
    must(read !== undefined, 4, () => `work for ${taskId} is sent anew without a look at it`, "P10");
    const leaseUntil = claimOf(read.item)?.leaseUntil ?? 0;
    must(leaseUntil <= at, 4, () => `work for ${taskId} is sent anew although somebody works on it`, "P10");
    const beforeCheck = before.state.checks[command.task];
    const check = after.state.checks[command.task];
    must(
      beforeCheck === undefined || beforeCheck.at <= at,
      4,
      () => `work for ${taskId} is sent anew before its time`,
      "P10",
    );
    const expected = Math.min(2 * (beforeCheck?.intervalMs ?? times.resendMs), times.resendMsMax);
    must(
      check !== undefined && check.intervalMs === expected && check.at === at + expected,
      4,
      () => `work for ${taskId} will be sent anew after ${check?.intervalMs} ms and not ${expected}`,
      "P10",
    );
  };

  const checkFirstCheck = ({ after }: StateWrite, { at, command }: OutboxEntry): void => {
    if (command.type !== "ScheduleTask" && command.type !== "ResumeTask") return;
    const delayMs = command.type === "ScheduleTask" ? command.delaySeconds * 1000 : 0;
    const check = after.state.checks[command.task];
    must(
      check?.at === at + delayMs + books.scene.times.resendMs,
      4,
      () => `task ${command.task} is checked at another time than its message needs`,
      "P10",
    );
  };

  return {
    stateWrote(write) {
      for (const [id, entry] of Object.entries(write.after.outbox)) {
        if (write.before?.outbox[id] !== undefined) continue;
        checkResent(write, entry);
        checkFirstCheck(write, entry);
      }
    },
  };
};
