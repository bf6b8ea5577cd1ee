import { transformJSONSchema } from "@anthropic-ai/sdk/lib/transform-json-schema";

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema of an answer in the subset that providers hold a model to; what is outside of it and only
 * narrows (lengths, ranges, patterns) becomes description. `undefined` when the subset would ask for
 * something else than the schema: objects with free keys, references, a root that is no object. Then
 * the answer is asked for in words alone. Whatever is asked for, the agent's own check has the last word.
 */
export const structuredSchema = (schema: Schema): Schema | undefined =>
  schema["type"] === "object" && isExpressible(schema)
    ? (transformJSONSchema({ ...schema }) as Schema)
    : undefined;

const isExpressible = (schema: unknown): boolean => {
  if (!isObject(schema)) return false;
  if (Object.hasOwn(schema, "$ref") || Object.hasOwn(schema, "allOf") || Object.hasOwn(schema, "prefixItems"))
    return false;
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return choices.every(isExpressible);
  if (Object.hasOwn(schema, "enum") || Object.hasOwn(schema, "const")) return true;
  switch (schema["type"]) {
    case "object":
      // `true` and absent mean extra keys that nobody asks for; a schema means that the keys are the answer.
      return (
        !isObject(schema["additionalProperties"]) &&
        !Object.hasOwn(schema, "propertyNames") &&
        Object.values((schema["properties"] ?? {}) as Schema).every(isExpressible)
      );
    case "array":
      return isExpressible(schema["items"]);
    default:
      return typeof schema["type"] === "string";
  }
};

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
