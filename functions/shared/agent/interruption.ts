/**
 * Why work on a task must end at once: its execution or the task was stopped (P3), or the claim is
 * somebody else's by now (P1). It is the abort reason of whatever is running.
 */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly kind: "stopped" | "fenced";
  constructor(kind: "stopped" | "fenced", message: string) {
    super(message);
    this.kind = kind;
  }
}

export const stoppedBy = (cause: string): Interruption => new Interruption("stopped", cause);
export const fenced = (): Interruption => new Interruption("fenced", "another owner has this task");
