// Time that nobody waits for: when nothing else is left to do, the clock jumps to the next timer. A
// program that sleeps for an hour is done at once, and sees that an hour has passed.
const RealDate = Date;
const realNow = () => RealDate.now();
const startedAt = realNow();
let aheadMs = 0;
let lastId = 0;
const timers = new Map();

const now = () => realNow() + aheadMs;

const start = (callback, delayMs, args, everyMs) => {
  if (typeof callback !== "function") throw new TypeError("a timer's callback must be a function");
  lastId += 1;
  const dueAt = now() + Math.max(0, Number(delayMs) || 0);
  timers.set(lastId, { id: lastId, callback, args, dueAt, everyMs });
  return lastId;
};

const stop = (id) => {
  timers.delete(id);
};

/** Runs the timer that is due next; says whether there was one. */
export const runNextTimer = () => {
  let next;
  for (const timer of timers.values()) if (next === undefined || timer.dueAt < next.dueAt) next = timer;
  if (next === undefined) return false;
  aheadMs += Math.max(0, next.dueAt - now());
  if (next.everyMs === undefined) timers.delete(next.id);
  else next.dueAt += Math.max(1, next.everyMs);
  next.callback(...next.args);
  return true;
};

export const installClock = () => {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
  RealDate.prototype.constructor = globalThis.Date;
  globalThis.performance = { now: () => now() - startedAt, timeOrigin: startedAt };
  globalThis.setTimeout = (callback, delayMs, ...args) => start(callback, delayMs, args);
  globalThis.setInterval = (callback, delayMs, ...args) =>
    start(callback, delayMs, args, Number(delayMs) || 0);
  globalThis.setImmediate = (callback, ...args) => start(callback, 0, args);
  globalThis.clearTimeout = stop;
  globalThis.clearInterval = stop;
  globalThis.clearImmediate = stop;
};
