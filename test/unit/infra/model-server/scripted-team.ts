import { createAnthropicModel } from "../../../../functions/shared/adapters/anthropic-model.ts";
import {
  isText,
  isToolUse,
  type ModelMessage,
  type ToolUseBlock,
} from "../../../../functions/shared/contracts/model-message.ts";
import { totalTokens } from "../../../../functions/shared/contracts/usage.ts";
import { RetryableModelError } from "../../../../functions/shared/kernel/model-call-error.ts";
import type { Model, ModelTurn } from "../../../../functions/shared/ports/model.ts";

const TURNS_MAX = 40;
const TRIES_MAX = 6;

interface Branch {
  readonly agent: string;
  readonly task: string;
}

interface HandoffInput {
  readonly mode: string;
  readonly to: readonly Branch[];
}

/** How a task ended: its last text, or the stop reason that ended it. */
export interface Outcome {
  readonly status: "succeeded" | "failed";
  readonly answer: string;
}

/**
 * The least of an agent runtime that can play a script through the real adapter: files in a map,
 * handoffs as function calls, failed calls tried again at once. The real runtime has tests of its own.
 */
export class ScriptedTeam {
  readonly files = new Map<string, string>();
  readonly turns: Array<{ agent: string; turn: ModelTurn }> = [];
  readonly toolErrors: string[] = [];
  retries = 0;
  readonly #model: Model;
  readonly #knownAgents: readonly string[];

  constructor(url: string, knownAgents: readonly string[] = ["coder", "planner", "critic", "researcher"]) {
    this.#knownAgents = knownAgents;
    this.#model = createAnthropicModel({
      provider: "anthropic",
      baseUrl: url,
      apiKey: async () => "team-key",
    });
  }

  async run(agent: string, task: string, depth = 0): Promise<Outcome> {
    const messages: ModelMessage[] = [{ role: "user", content: task }];
    for (let n = 1; n <= TURNS_MAX; n += 1) {
      const turn = await this.#ask(agent, messages);
      this.turns.push({ agent, turn });
      const text = turn.content
        .filter(isText)
        .map((block) => block.text)
        .join("");
      const calls = turn.content.filter(isToolUse);
      if (turn.stopReason === "end_turn" && text !== "") return { status: "succeeded", answer: text };
      if (turn.stopReason !== "tool_use") return { status: "failed", answer: turn.stopReason ?? "none" };
      const transferred = calls.find((call) => (call.input as HandoffInput).mode === "transfer");
      if (transferred !== undefined)
        return this.#branch((transferred.input as HandoffInput).to[0] as Branch, depth);
      const results = await Promise.all(calls.map((call, index) => this.#answer(call, index, depth)));
      messages.push({ role: "assistant", content: turn.content });
      messages.push({
        role: "user",
        content: results.map(({ content, isError }, index) => ({
          type: "tool_result",
          tool_use_id: calls[index]?.id ?? "",
          content,
          is_error: isError,
        })),
      });
    }
    return { status: "failed", answer: "too many turns" };
  }

  async #ask(agent: string, messages: readonly ModelMessage[]): Promise<ModelTurn> {
    const request = {
      system: `You are the agent "${agent}". Use your tools.`,
      tools: ["list_files", "read_file", "write_file", "edit_file", "handoff", "ask_human"].map((name) => ({
        name,
        description: name,
        input_schema: { type: "object" as const },
      })),
      messages,
      maxTokens: 8_192,
    };
    for (let tries = 1; ; tries += 1) {
      try {
        const turn = await this.#model.call(request, new AbortController().signal);
        const bound = this.#model.estimate(request);
        if (totalTokens(turn.usage) > bound.tokens)
          throw new Error("the estimate is no upper bound of tokens");
        if ((turn.usage.microUsd ?? 0) > (bound.microUsd ?? 0)) throw new Error("… nor of cost");
        return turn;
      } catch (error) {
        if (!(error instanceof RetryableModelError) || tries === TRIES_MAX) throw error;
        this.retries += 1;
      }
    }
  }

  async #answer(
    call: ToolUseBlock,
    index: number,
    depth: number,
  ): Promise<{ content: string; isError: boolean }> {
    const refuse = (content: string) => {
      this.toolErrors.push(content);
      return { content, isError: true };
    };
    if (index >= 16) return refuse("TOO_MANY_CALLS");
    const input = call.input as Record<string, string>;
    if ("$malformed" in input) return refuse("input: not JSON");
    const path = (input["path"] ?? "").normalize("NFC");
    const text = this.files.get(path);
    switch (call.name) {
      case "list_files":
        return { content: [...this.files.keys()].join("\n"), isError: false };
      case "read_file":
        return text === undefined ? refuse(`NOT_FOUND: ${path}`) : { content: text, isError: false };
      case "write_file":
        if (
          !/^[\w\p{L}][\w\p{L}./-]*[\w]$/u.test(path) ||
          /\.\.|\/\/|^handoffs/.test(path) ||
          path.length > 900
        ) {
          return refuse(`INVALID_PATH: ${path}`);
        }
        if (input["version"] !== undefined) return refuse("VERSION_CONFLICT");
        this.files.set(path, input["content"] ?? "");
        return { content: `wrote ${path}`, isError: false };
      case "edit_file": {
        const { old = "", new: replacement = "" } = input;
        if (text === undefined || text.split(old).length !== 2) return refuse("NOT_FOUND_ONCE");
        this.files.set(
          path,
          text.replace(old, () => replacement),
        );
        return { content: `edited ${path}`, isError: false };
      }
      case "ask_human":
        return { content: "Redis, please.", isError: false };
      case "handoff":
        return this.#handoff(call.input as HandoffInput & Record<string, unknown>, depth, refuse);
      default:
        return refuse(`UNKNOWN_TOOL: ${call.name}`);
    }
  }

  async #handoff(
    input: HandoffInput & Record<string, unknown>,
    depth: number,
    refuse: (content: string) => { content: string; isError: boolean },
  ): Promise<{ content: string; isError: boolean }> {
    const unknown = input.to.find(({ agent }) => !this.#knownAgents.includes(agent));
    const tasks = new Set(input.to.map(({ agent, task }) => `${agent}: ${task}`));
    if (unknown !== undefined) return refuse(`AGENT_NOT_FOUND: ${unknown.agent}`);
    if (input.to.length === 0 || input.to.length > 100) return refuse(`FANOUT: ${input.to.length}`);
    if (tasks.size < input.to.length) return refuse("DUPLICATE_BRANCH");
    if (input.mode === "single" && input.to.length > 1) return refuse("ONE_TARGET");
    const quorum = (input["onFailure"] as { quorum?: number } | undefined)?.quorum ?? 0;
    if (quorum > input.to.length) return refuse("QUORUM_TOO_LARGE");
    const deadline = input["deadlineSeconds"] ?? 1;
    if (typeof deadline !== "number" || deadline < 1 || deadline > 604_800) return refuse("OUT_OF_RANGE");
    if (input.to.some(({ agent, task }) => agent === "coder" && task.includes("for me")))
      return refuse("SELF");
    const outcomes = await Promise.all(input.to.map((branch) => this.#branch(branch, depth)));
    const entries = outcomes.map(({ status, answer }, index) => ({
      agent: input.to[index]?.agent,
      status,
      ...(status === "succeeded" ? { answer } : { error: { name: answer, message: answer } }),
    }));
    return { content: JSON.stringify(entries), isError: false };
  }

  async #branch({ agent, task }: Branch, depth: number): Promise<Outcome> {
    return depth >= 5 ? { status: "failed", answer: "DepthExceeded" } : this.run(agent, task, depth + 1);
  }
}
