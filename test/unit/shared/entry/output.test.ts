import { expect, test } from "vitest";
import { concealed, createOutput } from "../../../../functions/shared/entry/output.ts";

const written = (use: (output: ReturnType<typeof createOutput>) => void): string => {
  const texts: string[] = [];
  use(createOutput((text) => texts.push(text)));
  return texts.join("");
};

test("a line is written as it is, with a line break", () => {
  expect(written((output) => output.write("hello"))).toBe("hello\n");
});

test("what was concealed does not leave, wherever it stands and however often", () => {
  const key = "sk-ant-canary-0123456789";
  const text = written((output) => {
    output.write(`before ${key}`);
    output.conceal(key);
    output.write(JSON.stringify({ message: `${key} and ${key}`, [key]: 1 }));
  });
  expect(text.split("\n")[1]).toBe('{"message":"[concealed] and [concealed]","[concealed]":1}');
});

test("a key with quotes is concealed as JSON spells it too", () => {
  const text = written((output) => {
    output.conceal('canary"with\\quotes');
    output.write(JSON.stringify({ message: 'canary"with\\quotes' }));
  });
  expect(text).toBe('{"message":"[concealed]"}\n');
});

test("an empty or tiny secret does not blot out every line", () => {
  const text = written((output) => {
    output.conceal("");
    output.conceal("a");
    output.write("all as it was");
  });
  expect(text).toBe("all as it was\n");
});

test("a secret is concealed before its reader sees it", async () => {
  const texts: string[] = [];
  const output = createOutput((text) => texts.push(text));
  output.write(await concealed(async () => "canary-0123456789", output)());
  expect(texts).toEqual(["[concealed]\n"]);
});
