import { afterAll, beforeAll, expect, test } from "vitest";
import { defineScript, type Turn } from "../../infra/local/model-server/script.ts";
import { createModelServer, type ModelServer } from "../../infra/local/model-server/server.ts";
import { smoke } from "../live/smoke.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await createModelServer({ scripts: [], defaultScript: "smoke" });
});
afterAll(() => server.stop());

const LOOK_UP: Turn = { thinking: "I look.", calls: [{ name: "look_up", input: { name: "harbour" } }] };

/** A provider that says these three things to what `npm run test:live` asks. */
const smokeOf = (first: Turn, second: string, json: string): Promise<string> => {
  server.addScript(
    defineScript({
      name: "smoke",
      agents: {
        unknown: ({ turn, firstUserText }) => {
          if (firstUserText.startsWith("Answer with JSON")) return { text: json };
          return turn === 1 ? first : { text: second };
        },
      },
    }),
  );
  const options = { provider: "anthropic", baseUrl: server.url, apiKey: async () => "key" } as const;
  return smoke({ name: "scripted", options });
};

test("a provider that does what it is asked passes the live smoke test", async () => {
  expect(await smokeOf(LOOK_UP, "It is 7,919.", '{"figure": 7919}')).toMatch(
    /^claude-\S+, 3 calls, \d+ tokens/,
  );
});

test.each([
  ["calls no tool", [{ text: "7919" }, "7919", '{"figure": 7919}'], /called no tool/],
  ["forgets the result", [LOOK_UP, "It is 42.", '{"figure": 7919}'], /answered something else: It is 42/],
  ["answers off the schema", [LOOK_UP, "7919", '{"figure": "7919"}'], /its JSON says something else/],
  ["answers no JSON", [LOOK_UP, "7919", "seven thousand"], /JSON/],
] as const)("one that %s fails it", async (_, says, reason) => {
  await expect(smokeOf(...(says as [Turn, string, string]))).rejects.toThrow(reason);
});
