import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { clientSettings } from "./aws-client.ts";

/** The current text of a secret, `undefined` when it holds bytes; rejects with the SDK's own error. */
export const fetchFromSecretsManager = async (secretId: string): Promise<string | undefined> => {
  const client = new SecretsManagerClient(clientSettings({ requestTimeoutMs: 10_000 }));
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    return answer.SecretString;
  } finally {
    client.destroy();
  }
};
