import type { Chance } from "./chance.ts";
import type { Step, ToolStep } from "./plan.ts";

// The steps of a plan that lead to no other plan.

export const drawTools = (chance: Chance): ToolStep[] =>
  Array.from({ length: chance.int(1, 3) }, () => drawTool(chance));

const drawTool = (chance: Chance): ToolStep => {
  const n = chance.int(1, 1_000_000);
  const key = String(n);
  const path = (): string => `src/${chance.int(1, 3)}.ts`;
  switch (chance.int(0, 5)) {
    case 0:
      return {
        name: "write_file",
        input: { path: path(), content: `// ${n}`.padEnd(chance.skewed(10, 2_000)) },
      };
    case 1:
      return { name: "read_file", input: { path: path() } };
    case 2:
      return { name: "order", input: { key } };
    case 3:
      return { name: "publish", input: { key } };
    case 4:
      return { name: "set_flag", input: { key } };
    default:
      return { name: "look_up", input: { key } };
  }
};

/** Most answers are short, a few too long for an item of the store. */
export const drawAnswer = (chance: Chance): Step => {
  const length = chance.hit(0.9) ? 0 : chance.skewed(100, chance.hit(0.05) ? 400_000 : 40_000);
  return { kind: "answer", padding: "x".repeat(length) };
};

/** What only people can answer or allow, and sometimes something else beside it. */
export const drawQuestions = (chance: Chance, hasDeadlines: boolean): Step => {
  const calls = Array.from({ length: chance.int(1, 3) }, (): ToolStep => {
    const key = String(chance.int(1, 1_000_000));
    if (chance.hit(0.2)) return { name: "look_up", input: { key } };
    if (chance.hit(0.5)) return { name: "spend", input: { key } };
    const deadline = hasDeadlines && chance.hit(0.5) ? { deadlineSeconds: chance.int(5, 900) } : {};
    return { name: "ask_human", input: { question: `Which of ${key}?`, ...deadline } };
  });
  return { kind: "tools", calls };
};
