import { describe, expect, test } from "vitest";
import { loadTeam } from "../../support/team-specs.ts";

const { agents, manifest } = await loadTeam();

describe.each(agents)("the prompt of $spec.name", ({ spec, prompt }) => {
  test("says how it works, when to hand off, and what it answers", () => {
    const headings = [...prompt.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    const asks = spec.tools.some(({ name }) => name === "ask_human") ? ["When to ask a person"] : [];
    expect(headings).toEqual(["How you work", "When to hand off", ...asks, "What you answer"]);
    expect(prompt).toMatch(/Then stop\.\s*$/);
  });

  test("names only tools that this agent has", () => {
    const own = spec.tools.map((tool) => tool.name);
    const named = [...prompt.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => name ?? "");
    expect(named.filter((name) => !own.includes(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });

  test("names every tool that is only this agent's", () => {
    const others = new Set(manifest.filter(({ name }) => name !== spec.name).flatMap(({ tools }) => tools));
    const only = spec.tools.map((tool) => tool.name).filter((name) => !others.has(name));
    for (const name of only) expect(prompt).toContain(`\`${name}\``);
  });

  test("says for each peer that it may ask when to ask it, and names no other agent", () => {
    const peers = manifest.find(({ name }) => name === spec.name)?.handoffs ?? [];
    const section = /## When to hand off\n([\s\S]*?)\n## /.exec(prompt)?.[1] ?? "";
    for (const peer of peers) expect(section).toContain(`the ${peer}`);
  });

  test("fits beside a long conversation: under 6 KB", () => {
    expect(Buffer.byteLength(prompt)).toBeLessThan(6 * 1024);
  });
});
