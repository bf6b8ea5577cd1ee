import { writeFileSync } from "node:fs";
import { scriptOptions } from "../script-options.ts";
import { deployTo, EmulatorError } from "./emulator.ts";

// `npm run deploy:local`: the stack on LocalStack or MiniStack, and how to call it.

const { values } = scriptOptions("npm run deploy:local -- [--model-url URL] [--outputs FILE]", {
  options: {
    /** Where the agents find their model; without a key, docker-compose.yml's scripted model server. */
    "model-url": { type: "string" },
    /** A file that gets the stack's outputs, the API's address and its key as JSON. */
    outputs: { type: "string" },
  },
});

const realKey = process.env["ANTHROPIC_API_KEY"]?.trim() || undefined;
const endpoint = (process.env["AWS_ENDPOINT_URL"] ?? "http://localhost:4566").replace(/\/$/, "");
const isScripted = realKey === undefined || values["model-url"] !== undefined;

try {
  const { apiUrl, apiKey, outputs } = await deployTo({
    endpoint,
    settings: isScripted
      ? { scripted: "true", baseUrl: values["model-url"] ?? "http://model-server:4180" }
      : {},
    keyOf: (agent) => (isScripted ? `scripted-${agent}` : (realKey ?? "")),
  });
  if (values.outputs !== undefined) {
    writeFileSync(values.outputs, `${JSON.stringify({ ...outputs, apiUrl, apiKey }, null, 2)}\n`);
  }
  console.log(`API  ${apiUrl}`);
  console.log(`key  ${apiKey}`);
  if (isScripted)
    console.log("The answers are scripted; set ANTHROPIC_API_KEY and deploy again for real ones.");
  console.log(`\n  npm run bulkhead -- run "Write a rate limiter" --api ${apiUrl} --key ${apiKey}`);
} catch (error) {
  if (!(error instanceof EmulatorError)) throw error;
  console.error(`deploy:local: ${error.message}`);
  process.exitCode = 1;
}
