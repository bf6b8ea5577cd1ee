import { expect, test } from "vitest";
import { createSecretReader, fixedSecret } from "../../../../functions/shared/adapters/secrets.ts";
import { RetryableError, TerminalError } from "../../../../functions/shared/kernel/errors.ts";
import { ManualClock } from "../../../support/memory-ports.ts";

const secretId = "bulkhead/coder";

const reading = (answers: Array<string | undefined | Error>) => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const read = createSecretReader({
    secretId,
    clock,
    fetchSecret: async (id) => {
      asked.push(id);
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { clock, asked, read };
};

const sdkError = (name: string): Error =>
  Object.assign(new Error("arn:aws:secretsmanager:::secret"), { name });

test("a secret is read once in five minutes, and the rotated one after that", async () => {
  const { clock, asked, read } = reading(["old-key", "new-key"]);
  expect(await read()).toBe("old-key");
  clock.advance(5 * 60_000 - 1);
  expect(await read()).toBe("old-key");
  expect(asked).toEqual([secretId]);
  clock.advance(1);
  expect(await read()).toBe("new-key");
});

test("those who ask at the same time share one request", async () => {
  const { asked, read } = reading(["key"]);
  expect(await Promise.all([read(), read(), read()])).toEqual(["key", "key", "key"]);
  expect(asked).toHaveLength(1);
});

test("a line break at the end, as pasted secrets have it, is no part of the secret", async () => {
  expect(await reading([" key\n"]).read()).toBe("key");
});

test.each([
  ["missing", sdkError("ResourceNotFoundException"), /^`bulkhead\/coder` does not exist/],
  ["without text", undefined, /^`bulkhead\/coder` is empty/],
  ["empty", "", /^`bulkhead\/coder` is empty/],
  ["blank", " \n", /^`bulkhead\/coder` is empty/],
  ["disabled", sdkError("InvalidRequestException"), /^`bulkhead\/coder` is disabled/],
  ["forbidden", sdkError("AccessDeniedException"), /^`bulkhead\/coder` may not be read by/],
  ["not decryptable", sdkError("DecryptionFailure"), /^`bulkhead\/coder` cannot be read/],
])(
  "a secret that is %s is a TerminalError SecretUnavailable that names it [bad-input 43]",
  async (_, answer, text) => {
    const refused = reading([answer]).read();
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    await expect(refused).rejects.toMatchObject({ failureName: "SecretUnavailable" });
    await expect(refused).rejects.toThrow(text);
  },
);

test("an ARN is shown as the name in it", async () => {
  const read = createSecretReader({
    secretId: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bulkhead/coder-AbC123",
    clock: new ManualClock(),
    fetchSecret: async () => "",
  });
  await expect(read()).rejects.toThrow(/^`bulkhead\/coder` is empty$/);
});

test("a throttled request is a RetryableError, and a failure is not kept", async () => {
  const { read } = reading([sdkError("ThrottlingException"), "key"]);
  await expect(read()).rejects.toBeInstanceOf(RetryableError);
  expect(await read()).toBe("key");
});

test("a key from the environment is trimmed, and an empty one names its variable [bad-input 43]", async () => {
  expect(await fixedSecret("key\n", "BULKHEAD_API_KEY")()).toBe("key");
  await expect(fixedSecret("", "BULKHEAD_API_KEY")()).rejects.toThrow("`BULKHEAD_API_KEY` is empty");
});
