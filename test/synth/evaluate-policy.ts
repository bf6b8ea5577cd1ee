import type { Template } from "aws-cdk-lib/assertions";
import { resourcesOf } from "./synthesised.ts";

/** A request as IAM judges it. Resources are written as `arnOf` writes them. */
export interface Request {
  /** The logical id of the caller's role. */
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys: `dynamodb:LeadingKeys` and the like. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * A small IAM: what a role's own policies and the policies of queues and buckets say of a request. A
 * deny wins, silence denies. It knows the operators that the template uses and refuses to guess others.
 */
export const createEvaluator = (template: Template): ((request: Request) => "allowed" | "denied") => {
  const identity = resourcesOf(template, "AWS::IAM::Policy").flatMap(([, { PolicyDocument, Roles }]) =>
    statementsOf(PolicyDocument).flatMap((statement) =>
      (Roles as { Ref: string }[]).map(({ Ref: role }) => ({ role, statement })),
    ),
  );
  const resourceBased = ["AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"].flatMap((type) =>
    resourcesOf(template, type).flatMap(([, { PolicyDocument }]) => statementsOf(PolicyDocument)),
  );
  return (request) => {
    const own = identity.filter(({ role }) => role === request.role).map(({ statement }) => statement);
    const context = { ...CONTEXT, "aws:PrincipalArn": [arnOf(request.role)], ...request.context };
    const applies = (statement: Statement): boolean =>
      listOf(statement.Action).some((action) => matches(action, request.action)) &&
      listOf(statement.Resource).some((resource) => matches(text(resource), request.resource)) &&
      holds(statement.Condition ?? {}, context);
    // Resource policies that allow somebody are about other services here, never about our roles.
    const denied = [...own, ...resourceBased].some((one) => one.Effect === "Deny" && applies(one));
    const allowed = own.some((one) => one.Effect === "Allow" && applies(one));
    return allowed && !denied ? "allowed" : "denied";
  };
};

/** `arnOf("Table")`, `arnOf("Table", "/index/open")`: what `Fn::GetAtt` of the template becomes. */
export const arnOf = (logicalId: string, suffix = ""): string => `<${logicalId}>${suffix}`;

/** Requests of the SDKs travel by TLS. */
const CONTEXT = { "aws:SecureTransport": ["true"] };

const statementsOf = (document: unknown): Statement[] => (document as { Statement: Statement[] }).Statement;

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

/** An intrinsic function as text: attributes and references of a resource are all its ARN here. */
const text = (value: unknown): string => {
  if (typeof value === "string") return value;
  const [[name, argument] = []] = Object.entries(value as Record<string, unknown>);
  switch (name) {
    case "Ref":
      return arnOf(String(argument));
    case "Fn::GetAtt":
      return arnOf((argument as string[])[0] ?? "");
    case "Fn::Join": {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(text).join(separator);
    }
    default:
      throw new Error(`the evaluator does not know ${name}`);
  }
};

const matches = (pattern: string, value: string): boolean =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(value);

const holds = (condition: NonNullable<Statement["Condition"]>, context: Request["context"] & {}): boolean =>
  Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      compare(
        operator,
        context[key],
        listOf(expected).map((one) => text(one)),
      ),
    ),
  );

const compare = (
  operator: string,
  actual: readonly string[] | undefined,
  expected: readonly string[],
): boolean => {
  const isExpected = (value: string): boolean => expected.some((pattern) => matches(pattern, value));
  switch (operator) {
    // A key that is absent makes a negated operator true, and every other false.
    case "Bool":
    case "StringLike":
    case "StringEquals":
    case "ArnLike":
      return actual?.some(isExpected) ?? false;
    case "ArnNotLike":
      return !(actual?.some(isExpected) ?? false);
    case "ForAllValues:StringLike":
      return (actual ?? []).every(isExpected);
    case "Null":
      return expected.includes(String(actual === undefined));
    default:
      throw new Error(`the evaluator does not know ${operator}`);
  }
};
