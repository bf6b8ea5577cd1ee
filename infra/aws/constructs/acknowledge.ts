import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import type { BucketRef } from "./permissions.ts";

/** Findings of cdk-nag that are meant to be so, each with its reason, at the construct that they are about. */
export const acknowledge = (construct: IConstruct, reasons: Readonly<Record<string, string>>): void => {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
};

/** That whoever may read blobs may read those of every execution; cdk-nag names the bucket by its logical id. */
export const acknowledgeBlobs = (construct: IConstruct, bucket: BucketRef): void => {
  const arn = Stack.of(construct).resolve(bucket.bucketArn) as { "Fn::GetAtt"?: [string, string] } | string;
  const shown = typeof arn === "string" ? arn : `<${arn["Fn::GetAtt"]?.join(".")}>`;
  acknowledge(construct, {
    [`AwsSolutions-IAM5[Resource::${shown}/blobs/*]`]:
      "A role is fixed when it is deployed and cannot know an execution; blobs are named by their hash and never deleted.",
  });
};

/** That an agent may ask its model in every project: a request that names none is in the default one. */
export const acknowledgeProjects = (construct: IConstruct, arn: string): void => {
  const resolved = Stack.of(construct).resolve(arn) as
    | { "Fn::Join": [string, (string | { Ref: string })[]] }
    | string;
  const shown =
    typeof resolved === "string"
      ? resolved
      : resolved["Fn::Join"][1].map((part) => (typeof part === "string" ? part : `<${part.Ref}>`)).join("");
  acknowledge(construct, {
    [`AwsSolutions-IAM5[Resource::${shown}]`]:
      "Which model may be asked is a condition; the projects of an account only sort its requests.",
  });
};
