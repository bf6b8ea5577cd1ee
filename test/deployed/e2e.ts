import { runSuite } from "./run-suite.ts";

// `npm run test:e2e:deployed`: the suite on the emulator that AWS_ENDPOINT_URL names.

const endpoint = process.env["AWS_ENDPOINT_URL"];
if (endpoint === undefined) {
  console.error(
    "test:e2e:deployed: AWS_ENDPOINT_URL is not set; it is the address of a running LocalStack or MiniStack",
  );
  process.exitCode = 2;
} else {
  process.exitCode = await runSuite(endpoint, process.argv.slice(2));
}
