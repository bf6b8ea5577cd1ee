import { getAuthHeaders } from "@anthropic-ai/bedrock-sdk/core/aws-auth";
import type { AwsIdentity } from "../contracts/aws-identity.ts";
import type { Signer } from "./anthropic-client.ts";

type Signing = Exclude<AwsIdentity, { readonly bearerToken: string }>;

/**
 * Signs requests to Bedrock's Messages API (SigV4). Of the vendor's package this one function: its
 * client brings every resource of the API along, ten times the size. Loaded by agents on Bedrock only.
 */
export const bedrockSigner =
  ({ region, accessKeyId, secretAccessKey, sessionToken }: Signing): Signer =>
  (request, url) =>
    getAuthHeaders(request, {
      url,
      regionName: region,
      serviceName: "bedrock-mantle",
      awsAccessKey: accessKeyId,
      awsSecretAccessKey: secretAccessKey,
      awsSessionToken: sessionToken,
    });
