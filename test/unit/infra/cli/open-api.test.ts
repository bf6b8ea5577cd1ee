import { expect, test } from "vitest";
import { asksForModel } from "../../../../infra/cli/open-api.ts";

test.for(["ANTHROPIC_API_KEY", "BULKHEAD_MODEL", "BULKHEAD_CRITIC_PROVIDER", "BULKHEAD_CODER_API_KEY"])(
  "%s asks for a real model",
  (name) => expect(asksForModel({ PATH: "/bin", [name]: "x" })).toBe(true),
);

test.for(["BULKHEAD_API", "BULKHEAD_KEY", "BULKHEAD_DEBUG", "ANTHROPIC_BASE_URL"])(
  "%s alone asks for none",
  (name) => expect(asksForModel({ [name]: "x", ANTHROPIC_API_KEY: " " })).toBe(false),
);
