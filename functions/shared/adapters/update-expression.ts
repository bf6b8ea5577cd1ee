import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { convertToAttr } from "@aws-sdk/util-dynamodb";
import type { Change, Condition, Path } from "../ports/store.ts";

export interface UpdateExpression {
  readonly UpdateExpression?: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/**
 * A Change in DynamoDB's language. Every name is an alias: outbox ids hold dots, and `status` is a
 * reserved word. `attribute_exists(pk)` always stands first, so that an update never creates.
 */
export const compileChange = (change: Change): UpdateExpression => {
  const aliases = new Aliases();
  const conditions = [
    `attribute_exists(${aliases.path(["pk"])})`,
    ...change.when.map((condition) => compileCondition(condition, aliases)),
  ];
  const sets = [
    ...(change.set ?? []).map(([path, value]) => `${aliases.path(path)} = ${aliases.value(value)}`),
    // Not ADD, which reaches no further than the top level.
    ...(change.add ?? []).map(([path, amount]) => {
      const place = aliases.path(path);
      return `${place} = if_not_exists(${place}, ${aliases.value(0)}) + ${aliases.value(amount)}`;
    }),
  ];
  const removes = (change.remove ?? []).map((path) => aliases.path(path));
  const clauses = [
    ...(sets.length > 0 ? [`SET ${sets.join(", ")}`] : []),
    ...(removes.length > 0 ? [`REMOVE ${removes.join(", ")}`] : []),
  ];
  return {
    ...(clauses.length > 0 ? { UpdateExpression: clauses.join(" ") } : {}),
    ConditionExpression: conditions.join(" AND "),
    ...aliases.used(),
  };
};

const compileCondition = (condition: Condition, aliases: Aliases): string => {
  const place = aliases.path(condition.path);
  switch (condition.is) {
    case "present":
      return `attribute_exists(${place})`;
    case "missing":
      return `attribute_not_exists(${place})`;
    case "equal":
      return `${place} = ${aliases.value(condition.value)}`;
    case "atMost":
      return `${place} <= ${aliases.value(condition.value)}`;
    case "missingOrAtMost":
      return `(attribute_not_exists(${place}) OR ${place} <= ${aliases.value(condition.value)})`;
  }
};

class Aliases {
  readonly #names = new Map<string, string>();
  readonly #values: AttributeValue[] = [];

  path(path: Path): string {
    return path.map((name) => this.#name(name)).join(".");
  }

  value(value: unknown): string {
    this.#values.push(toAttributeValue(value));
    return `:${this.#values.length - 1}`;
  }

  used() {
    const names = [...this.#names].map(([name, alias]) => [alias, name] as const);
    const values = this.#values.map((value, index) => [`:${index}`, value] as const);
    return {
      ExpressionAttributeNames: Object.fromEntries(names),
      ...(values.length > 0 ? { ExpressionAttributeValues: Object.fromEntries(values) } : {}),
    };
  }

  #name(name: string): string {
    const alias = this.#names.get(name) ?? `#${this.#names.size}`;
    this.#names.set(name, alias);
    return alias;
  }
}

/** DynamoDB keeps UTF-8, which has no lone surrogates; a model may well send some. */
export const toAttributeValue = (value: unknown): AttributeValue =>
  convertToAttr(wellFormed(value), { removeUndefinedValues: true }) as AttributeValue;

const wellFormed = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, wellFormed(part)]));
};
