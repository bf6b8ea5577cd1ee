import type { IncomingMessage } from "node:http";
import type { APIGatewayProxyEvent } from "aws-lambda";

/** The stage of the embedded gateway; it is no part of the path. */
const STAGE = "local";

export interface Admitted {
  readonly requestId: string;
  readonly receivedAt: number;
  /** Which of the gateway's keys the caller holds; `null` when it asks for none. */
  readonly apiKeyId: string | null;
}

/** An admitted request as API Gateway gives it to Lambda: REST API, proxy integration, payload version 1. */
export const toProxyEvent = (
  request: IncomingMessage,
  body: Buffer,
  admitted: Admitted,
): APIGatewayProxyEvent => {
  const url = new URL(`http://gateway${request.url ?? "/"}`);
  const method = request.method ?? "GET";
  const query = valuesOf(url.searchParams);
  const headers = headersOf(request);
  return {
    resource: "/{proxy+}",
    path: url.pathname,
    httpMethod: method,
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: query === null ? null : lastOf(query),
    multiValueQueryStringParameters: query,
    pathParameters: { proxy: url.pathname.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: "000000000000",
      apiId: "local",
      authorizer: null,
      httpMethod: method,
      path: `/${STAGE}${url.pathname}`,
      protocol: `HTTP/${request.httpVersion}`,
      requestId: admitted.requestId,
      requestTimeEpoch: admitted.receivedAt,
      resourceId: "local",
      resourcePath: "/{proxy+}",
      stage: STAGE,
      domainName: request.headers.host ?? "localhost",
      identity: {
        ...NOBODY,
        apiKeyId: admitted.apiKeyId,
        sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
        userAgent: request.headers["user-agent"] ?? null,
      },
    },
    body: body.byteLength === 0 ? null : body.toString(),
    isBase64Encoded: false,
  };
};

/** `apiKey` stays null: the gateway has compared the key, and nothing behind it needs to see one. */
const NOBODY: APIGatewayProxyEvent["requestContext"]["identity"] = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: "",
  user: null,
  userAgent: null,
  userArn: null,
};

const headersOf = ({ rawHeaders }: IncomingMessage): Record<string, string[]> => {
  const headers: Record<string, string[]> = Object.create(null);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.toLowerCase() === "x-api-key") continue;
    headers[name] = [...(headers[name] ?? []), rawHeaders[index + 1] ?? ""];
  }
  return headers;
};

const valuesOf = (parameters: URLSearchParams): Record<string, string[]> | null => {
  if (parameters.size === 0) return null;
  const values: Record<string, string[]> = Object.create(null);
  for (const [name, value] of parameters) values[name] = [...(values[name] ?? []), value];
  return values;
};

/** Of several values API Gateway shows the last in the single-value maps. */
const lastOf = (values: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? ""]));
