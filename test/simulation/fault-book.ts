/** What was done to a world, by kind: for the report of a failing world, and for the hunt's sums. */
export class FaultBook {
  readonly counts = new Map<string, number>();
  /** Port calls that were crashed before or after, by place. */
  readonly crashPoints = new Map<string, number>();
  #isOver = false;

  /** From now on the world is kind. */
  end(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  note(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  noteCrash(when: "before" | "after", place: string): void {
    this.note(`crash ${when} a call`);
    const key = `${when} ${place}`;
    this.crashPoints.set(key, (this.crashPoints.get(key) ?? 0) + 1);
  }
}
