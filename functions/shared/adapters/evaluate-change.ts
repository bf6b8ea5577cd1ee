import type { Item } from "../contracts/item.ts";
import { assert } from "../kernel/assert.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Change, Condition, Path } from "../ports/store.ts";

/**
 * The meaning of a Change where no DynamoDB evaluates it: a changed copy, or `undefined` when
 * a condition does not hold. The conformance suite holds this and DynamoDB to the same answers,
 * down to what is refused: a path whose parent is no map, an addition to text.
 */
export const evaluateChange = (item: Item | undefined, change: Change): Item | undefined => {
  assertWellFormed(change);
  if (item === undefined || !change.when.every((condition) => holds(item, condition))) return undefined;
  const next: Record<string, unknown> = { ...item };
  for (const [path, value] of change.set ?? []) ownParent(next, path)[nameOf(path)] = value;
  for (const [path, amount] of change.add ?? []) {
    const now = read(next, path) ?? 0;
    if (typeof now !== "number") throw pathMismatch(`${path.join(".")} is not a number`);
    ownParent(next, path)[nameOf(path)] = now + amount;
  }
  for (const path of change.remove ?? []) delete ownParent(next, path)[nameOf(path)];
  return next as Item;
};

/** What the types cannot say of a Change: the key stays, and each part of an item is changed once. */
export const assertWellFormed = (change: Change): void => {
  const paths = [
    ...(change.set ?? []).map(([path]) => path),
    ...(change.add ?? []).map(([path]) => path),
    ...(change.remove ?? []),
  ];
  const written = new Set<string>();
  for (const path of paths) {
    assert(path[0] !== "pk" && path[0] !== "sk", "the key of an item does not change");
    const id = JSON.stringify(path);
    assert(!written.has(id), `${id} is changed twice`);
    written.add(id);
  }
  for (const path of paths) {
    for (let parts = 1; parts < path.length; parts++) {
      assert(!written.has(JSON.stringify(path.slice(0, parts))), `${path.join(".")} lies in a changed map`);
    }
  }
};

/** Our own words for what DynamoDB calls a ValidationException: the item is not shaped as its writer believes. */
export const pathMismatch = (what: string, cause?: unknown): TerminalError =>
  new TerminalError("Internal", `the stored item has another shape than the change: ${what}`, { cause });

const holds = (item: Item, condition: Condition): boolean => {
  const value = read(item, condition.path);
  switch (condition.is) {
    case "present":
      return value !== undefined;
    case "missing":
      return value === undefined;
    case "equal":
      return value === condition.value;
    case "atMost":
      return typeof value === "number" && value <= condition.value;
    case "missingOrAtMost":
      return value === undefined || (typeof value === "number" && value <= condition.value);
  }
};

const read = (from: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isMap(at) && Object.hasOwn(at, name) ? at[name] : undefined), from);

/** The map that holds the path's last name, copied on the way down: the item that was given stays as it is. */
const ownParent = (root: Record<string, unknown>, path: Path): Record<string, unknown> => {
  let parent = root;
  for (const name of path.slice(0, -1)) {
    const child = Object.hasOwn(parent, name) ? parent[name] : undefined;
    if (!isMap(child)) throw pathMismatch(`the parent of ${path.join(".")} is not a map`);
    const own = { ...child };
    parent[name] = own;
    parent = own;
  }
  return parent;
};

const nameOf = (path: Path): string => path.at(-1) as string;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
