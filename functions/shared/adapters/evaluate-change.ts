import type { Item } from "../contracts/item.ts";
import type { Change, Condition, Path } from "../ports/store.ts";

/**
 * The meaning of a Change where no DynamoDB evaluates it: the changed copy, or `undefined` when
 * a condition does not hold. The conformance suite holds this and DynamoDB to the same answers.
 */
export const evaluateChange = (item: Item | undefined, change: Change): Item | undefined => {
  if (item === undefined || !change.when.every((condition) => holds(item, condition))) return undefined;
  const next = structuredClone(item) as Record<string, unknown>;
  for (const [path, value] of change.set ?? []) write(next, path, structuredClone(value));
  for (const [path, amount] of change.add ?? []) {
    const now = read(next, path);
    if (typeof now !== "number") throw new TypeError(`add: ${path.join(".")} is not a number`);
    write(next, path, now + amount);
  }
  for (const path of change.remove ?? []) write(next, path, undefined);
  return next as Item;
};

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

const read = (from: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, name) => (isMap(at) && Object.hasOwn(at, name) ? at[name] : undefined), from);

const write = (into: Record<string, unknown>, path: Path, value: unknown): void => {
  const parents = path.slice(0, -1);
  const last = path.at(-1) as string;
  const parent = parents.length === 0 ? into : read(into, parents as unknown as Path);
  // DynamoDB refuses a document path whose parent is not there; removing nothing is nothing.
  if (!isMap(parent)) {
    if (value === undefined) return;
    throw new TypeError(`set: the parent of ${path.join(".")} is not a map`);
  }
  if (value === undefined) delete parent[last];
  else parent[last] = value;
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
