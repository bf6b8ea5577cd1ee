import { expect, test } from "vitest";
import { resolveToolCredentials } from "../../../../infra/local/tool-credentials.ts";

const AGENTS = [{ name: "coder" }, { name: "deep-coder" }];

test("each credential goes to the agent and the server that its variable names", () => {
  expect(
    resolveToolCredentials(
      {
        BULKHEAD_CODER_MCP_DOCS_TOKEN: "one",
        BULKHEAD_CODER_MCP_ISSUE_TRACKER_TOKEN: " two ",
        BULKHEAD_DEEP_CODER_MCP_DOCS_TOKEN: "three",
        BULKHEAD_CODER_MCP_EMPTY_TOKEN: "",
        BULKHEAD_CODER_API_KEY: "key",
        DOCS_TOKEN: "other",
      },
      AGENTS,
    ),
  ).toEqual({ coder: { docs: "one", "issue-tracker": "two" }, "deep-coder": { docs: "three" } });
});

test("a variable that names no agent is said, and its value is not", () => {
  const resolve = () => resolveToolCredentials({ BULKHEAD_CODR_MCP_DOCS_TOKEN: "canary" }, AGENTS);
  expect(resolve).toThrow("BULKHEAD_CODR_MCP_DOCS_TOKEN names no agent; there are coder, deep-coder");
  expect(resolve).not.toThrow("canary");
});
