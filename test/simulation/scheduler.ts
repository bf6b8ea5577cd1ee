export interface Timer {
  readonly at: number;
  readonly order: number;
  action: (() => void) | undefined;
}

/**
 * Simulated time: a heap of actions, the earliest first, equal times in the order of their making.
 * After each action the microtasks that it woke run to their end before time goes on.
 */
export class Scheduler {
  now: number;
  readonly #heap: Timer[] = [];
  #order = 0;
  /** Actions performed. */
  steps = 0;

  constructor(now: number) {
    this.now = now;
  }

  at(time: number, action: () => void): Timer {
    const timer: Timer = { at: Math.max(time, this.now), order: this.#order++, action };
    this.#push(timer);
    return timer;
  }

  after(ms: number, action: () => void): Timer {
    return this.at(this.now + ms, action);
  }

  cancel(timer: Timer): void {
    timer.action = undefined;
  }

  /** Performs actions until `isDone`, or until there are none; what an action throws ends it. */
  async run(isDone: () => boolean, stepsMax: number): Promise<"done" | "idle" | "tooLong"> {
    for (;;) {
      if (isDone()) return "done";
      if (this.steps >= stepsMax) return "tooLong";
      const timer = this.#pop();
      if (timer === undefined) return "idle";
      if (timer.action === undefined) continue;
      this.now = timer.at;
      this.steps += 1;
      timer.action();
      await drained();
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (isBefore(last, heap[child] as Timer)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** All microtasks, and those that they make, run before an immediate does. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
