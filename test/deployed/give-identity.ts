import {
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import type { AwsIdentity } from "../../functions/shared/contracts/aws-identity.ts";
import { emulated } from "../support/emulators.ts";

/**
 * Lets an agent's function ask Bedrock as somebody whom the scripted model server knows. LocalStack makes up
 * credentials for each function and tells nobody their secret, so that a signature with them cannot be
 * verified. Rejects when the agent has no function.
 */
export const giveIdentity = async (endpoint: string, agent: string, identity: AwsIdentity): Promise<void> => {
  const client = new LambdaClient(emulated(endpoint));
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  const found = Functions.find(({ Environment }) => Environment?.Variables?.["BULKHEAD_AGENT"] === agent);
  if (found === undefined) throw new Error(`no function of agent ${agent} among ${Functions.length}`);
  const { FunctionName } = found;
  const Variables = { ...found.Environment?.Variables, BULKHEAD_AWS_IDENTITY: JSON.stringify(identity) };
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 60 }, { FunctionName });
  client.destroy();
};
