/**
 * List prices in us-east-1, in dollars, before every free tier and discount, as they stood in 2025
 * (DynamoDB's since its cut of November 2024); the table of peers uses the same. Each page says today's.
 */
export const LIST_PRICES_USD = {
  /** aws.amazon.com/lambda/pricing, arm64, first tier. */
  lambdaRequest: 0.2e-6,
  lambdaGbSecond: 0.0000133334,
  /** aws.amazon.com/sqs/pricing, standard queues; one request for each 64 KB. */
  sqsRequest: 0.4e-6,
  /** aws.amazon.com/dynamodb/pricing/on-demand, standard table class. */
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  /** aws.amazon.com/api-gateway/pricing, REST, first tier. */
  apiRequest: 3.5e-6,
  /** aws.amazon.com/cloudwatch/pricing: standard-resolution alarm, dashboard, and ingested logs, a month each. */
  alarmMonth: 0.1,
  dashboardMonth: 3,
  logGb: 0.5,
  /** aws.amazon.com/secrets-manager/pricing. */
  secretMonth: 0.4,
} as const;
