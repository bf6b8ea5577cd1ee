import { createHash } from "node:crypto";
import type { Block, Message } from "./check-messages.ts";
import type { CheckedRequest } from "./check-request.ts";
import type { Script, ToolResult, Turn, TurnContext } from "./script.ts";

export interface ChosenTurn {
  readonly agent: string;
  readonly script: string;
  readonly conversation: string;
  readonly turn: number;
  readonly answer: Turn;
}

/** `[[name]]` or `[[name key=value ...]]`, anywhere in the first user message. */
const MARKER = /\[\[([a-z0-9-]+)((?:\s+[a-z]+=[^\s\]]+)*)\s*\]\]/g;
const AGENT = /^You are the agent "([^"]+)"/;
/** How the agent runtime asks for notes of a conversation, and what it begins anew with. */
const ASKS_FOR_NOTES = /^This conversation is becoming too long\b/m;
const NOTES = /<notes>\n([\s\S]*?)\n<\/notes>/;

/** Which turn of which script answers: by the marker, the agent and how often it has spoken. */
export const chooseTurn = (
  scripts: ReadonlyMap<string, Script>,
  defaultScript: string,
  request: CheckedRequest,
): ChosenTurn => {
  const firstUserText = textOf(request.messages[0]);
  const agent = AGENT.exec(systemText(request.system))?.[1] ?? "unknown";
  const { script, settings, marker } = chooseScript(scripts, defaultScript, firstUserText);
  // Roles alternate, so message 2t-1 is the assistant's turn t and 2t answers it.
  const turn = (request.messages.length + 1) / 2;
  const toolResultsOf = (of: number): readonly ToolResult[] => resultsOf(request.messages, of);
  const context: TurnContext = {
    agent,
    turn,
    firstUserText,
    lastUserText: textOf(request.messages.at(-1)),
    lastToolResults: toolResultsOf(turn - 1),
    toolResultsOf,
    isAskedForNotes: ASKS_FOR_NOTES.test(textOf(request.messages.at(-1))),
    notes: NOTES.exec(firstUserText)?.[1],
    settings,
    marker,
  };
  const conversation = createHash("sha256").update(`${agent}\n${firstUserText}`).digest("hex").slice(0, 16);
  return { agent, script: script.name, conversation, turn, answer: answerOf(script, context) };
};

const chooseScript = (
  scripts: ReadonlyMap<string, Script>,
  defaultScript: string,
  firstUserText: string,
): { script: Script; settings: Record<string, string>; marker: string } => {
  for (const [marker, name, pairs] of firstUserText.matchAll(MARKER)) {
    const script = scripts.get(name ?? "");
    if (script === undefined) continue;
    const settings = [...(pairs ?? "").matchAll(/([a-z]+)=(\S+)/g)].map(([, key, value]) => [key, value]);
    return { script, marker, settings: Object.fromEntries(settings) };
  }
  const script = scripts.get(defaultScript);
  if (script === undefined) throw new Error(`no script named ${defaultScript}`);
  return { script, settings: {}, marker: "" };
};

const answerOf = (script: Script, context: TurnContext): Turn => {
  const turns = Object.hasOwn(script.agents, context.agent) ? script.agents[context.agent] : undefined;
  if (turns === undefined) return echoOf(context);
  if (typeof turns === "function") return turns(context);
  const turn = turns[context.turn - 1];
  if (turn === undefined) {
    return { text: `The script "${script.name}" has no turn ${context.turn} for ${context.agent}.` };
  }
  return typeof turn === "function" ? turn(context) : turn;
};

/** What an agent says that no script knows: who it is, and the first sentence of its task. */
const echoOf = ({ agent, firstUserText }: TurnContext): Turn => {
  const asked = /<task[^>]*>([\s\S]*?)<\/task>/.exec(firstUserText)?.[1] ?? firstUserText;
  const task = asked.replaceAll(MARKER, "").replaceAll(/\s+/g, " ").trim();
  const sentence = /^.{0,200}?[.!?](?=\s|$)/.exec(task)?.[0] ?? task.slice(0, 200);
  return { text: `The agent ${agent} has done its task: ${sentence || "none was given."}` };
};

const resultsOf = (messages: readonly Message[], turn: number): readonly ToolResult[] => {
  if (turn < 1) return [];
  const names = new Map<unknown, string>();
  for (const block of messages[2 * turn - 1]?.content ?? []) {
    if (block.type === "tool_use") names.set(block["id"], String(block["name"]));
  }
  return (messages[2 * turn]?.content ?? [])
    .filter(({ type }) => type === "tool_result")
    .map((block) => ({
      tool: names.get(block["tool_use_id"]) ?? "",
      content: contentText(block["content"]),
      isError: block["is_error"] === true,
    }));
};

const contentText = (content: unknown): string =>
  typeof content === "string"
    ? content
    : ((content ?? []) as Block[]).map((block) => String(block["text"] ?? "")).join("");

const textOf = (message: Message | undefined): string =>
  (message?.content ?? [])
    .filter(({ type }) => type === "text")
    .map((block) => String(block["text"]))
    .join("\n");

const systemText = (system: unknown): string =>
  Array.isArray(system) ? contentText(system) : typeof system === "string" ? system : "";
