export interface Task {
  /** What people type: small, and never given to another task of this list. */
  readonly id: number;
  readonly text: string;
  readonly isDone: boolean;
}

export interface TaskList {
  readonly tasks: readonly Task[];
}

export const EMPTY: TaskList = { tasks: [] };

/** Throws a RangeError when there is nothing to do in the text. */
export const add = (list: TaskList, text: string): TaskList => {
  const trimmed = text.trim();
  if (trimmed === "") throw new RangeError("a task needs a text");
  return { ...list, tasks: [...list.tasks, { id: list.tasks.length + 1, text: trimmed, isDone: false }] };
};

/** Completing twice changes nothing. Throws a RangeError when there is no such task. */
export const complete = (list: TaskList, id: number): TaskList => {
  requireTask(list, id);
  return { ...list, tasks: list.tasks.map((task) => (task.id === id ? { ...task, isDone: true } : task)) };
};

/** Throws a RangeError when there is no such task. */
export const remove = (list: TaskList, id: number): TaskList => {
  requireTask(list, id);
  return { ...list, tasks: list.tasks.filter((task) => task.id !== id) };
};

const requireTask = ({ tasks }: TaskList, id: number): void => {
  if (!tasks.some((task) => task.id === id)) throw new RangeError(`there is no task ${id}`);
};
