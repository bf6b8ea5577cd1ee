import type { TaskView } from "../../../functions/shared/contracts/api.ts";

type NumberedTask = Pick<TaskView, "task" | "agent">;

/**
 * What a person calls each task: its agent, with the task's number from the second task of that
 * agent on. A task's name never changes when later ones appear.
 */
export class TaskNames {
  readonly #names = new Map<number, string>();
  readonly #agents = new Set<string>();

  /** In the order of the tasks' numbers. */
  learn(tasks: readonly NumberedTask[]): void {
    for (const { task, agent } of tasks) {
      if (this.#names.has(task)) continue;
      this.#names.set(task, this.#agents.has(agent) ? `${agent}.${task}` : agent);
      this.#agents.add(agent);
    }
  }

  of(task: number): string {
    return this.#names.get(task) ?? `task ${task}`;
  }
}

export interface Row<Task> {
  readonly task: Task;
  /** The branches drawn before it: `│  └─ `. */
  readonly lead: string;
}

/** The tasks under who asked for them, each level in the order of the tasks' numbers. */
export const treeRows = <Task extends NumberedTask & { requester?: number | undefined }>(
  tasks: readonly Task[],
): Row<Task>[] => {
  const children = Map.groupBy(tasks, (task) => task.requester ?? 0);
  const below = (parent: number, indent: string): Row<Task>[] =>
    (children.get(parent) ?? []).flatMap((task, i, siblings) => {
      if (parent === 0) return [{ task, lead: "" }, ...below(task.task, "")];
      const isLast = i === siblings.length - 1;
      return [
        { task, lead: `${indent}${isLast ? "└─ " : "├─ "}` },
        ...below(task.task, `${indent}${isLast ? "   " : "│  "}`),
      ];
    });
  return below(0, "");
};
