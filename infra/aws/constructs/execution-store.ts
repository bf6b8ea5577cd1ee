import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, Table } from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { TABLE, TIME_TO_LIVE_ATTRIBUTE } from "../../../functions/shared/contracts/resources.ts";

export interface ExecutionStoreProps {
  readonly removalPolicy: RemovalPolicy;
  /** Blobs outlive every record that names them: the longest deadline and the retention after it. */
  readonly blobDays: number;
  /** Empties the bucket when the stack is destroyed; needs a function of CDK's own. */
  readonly autoDelete: boolean;
}

/** The one table, as `contracts/resources.ts` describes it, and the bucket of large values. */
export class ExecutionStore extends Construct {
  readonly table: Table;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { removalPolicy, blobDays, autoDelete }: ExecutionStoreProps) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      ...keysOf(TABLE.KeySchema),
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: TIME_TO_LIVE_ATTRIBUTE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
    for (const { IndexName, KeySchema, Projection } of TABLE.GlobalSecondaryIndexes) {
      this.table.addGlobalSecondaryIndex({
        indexName: IndexName,
        ...keysOf(KeySchema),
        projectionType: ProjectionType[Projection.ProjectionType],
        ...(Projection.NonKeyAttributes === undefined
          ? {}
          : { nonKeyAttributes: Projection.NonKeyAttributes }),
      });
    }
    const logs = bucket(this, "AccessLogs", { removalPolicy, autoDelete, days: 90 });
    this.bucket = bucket(this, "Blobs", { removalPolicy, autoDelete, days: blobDays, logs });
  }
}

const bucket = (
  scope: Construct,
  id: string,
  {
    removalPolicy,
    autoDelete,
    days,
    logs,
  }: { removalPolicy: RemovalPolicy; autoDelete: boolean; days: number; logs?: Bucket },
): Bucket =>
  new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [
      {
        expiration: Duration.days(days),
        noncurrentVersionExpiration: Duration.days(7),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy,
    autoDeleteObjects: autoDelete,
    // A blob never changes: whatever replaced one, an older version is the true one.
    versioned: logs !== undefined,
    ...(logs === undefined ? {} : { serverAccessLogsBucket: logs as IBucket }),
  });

const keysOf = (schema: (typeof TABLE)["KeySchema"]) => {
  const [partition, sort] = schema.map(({ AttributeName: name }) => ({ name, type: typeOf(name) }));
  if (partition === undefined || sort === undefined) throw new Error("a table of ours has two keys");
  return { partitionKey: partition, sortKey: sort };
};

const typeOf = (name: string): AttributeType =>
  TABLE.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType === "N"
    ? AttributeType.NUMBER
    : AttributeType.STRING;
