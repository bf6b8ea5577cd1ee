import { LIMITS } from "../contracts/limits.ts";
import { isToolUse, type ModelMessage, type UserBlock } from "../contracts/model-message.ts";
import { totalTokens, type Usage } from "../contracts/usage.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { ModelTurn } from "../ports/model.ts";
import { enclosed } from "./envelope.ts";
import { judgeTurn } from "./judge-turn.ts";
import type { Turn } from "./saved-turn.ts";
import type { TaskRun } from "./task-run.ts";
import type { Transcript } from "./transcript.ts";

/** What a turn is for: to go on with the task, or to write notes of the conversation so far. */
export type Purpose = "work" | "notes";

/**
 * A conversation that has become longer than the agent's `contextTokens` is not edited, for thinking is
 * bound to all of it: the model writes notes, and begins anew with its request and those. Throws a
 * TerminalError when it wrote none, `notesTriesMax` times.
 */
export const purposeOf = (
  { spec, ports, transcript }: Pick<TaskRun, "spec" | "ports" | "transcript">,
  messages: readonly ModelMessage[],
): Purpose => {
  const tokensMax = spec.model.contextTokens ?? ports.model.contextTokens;
  if (!isTooLong(transcript, messages, tokensMax)) return "work";
  const useless = transcript.uselessNotes;
  const last = useless.at(-1);
  if (last !== undefined && useless.length >= LIMITS.notesTriesMax) throw noNotes(last, tokensMax);
  return "notes";
};

/** The conversation with the word that asks for notes. It is said in this one call only. */
export const askForNotes = (messages: readonly ModelMessage[]): ModelMessage[] => {
  const asked: UserBlock = { type: "text", text: WRITE_NOTES };
  const last = messages.at(-1);
  if (last === undefined || last.role !== "user") return [...messages, { role: "user", content: [asked] }];
  const said: readonly UserBlock[] =
    typeof last.content === "string" ? [{ type: "text", text: last.content }] : last.content;
  return [...messages.slice(0, -1), { role: "user", content: [...said, asked] }];
};

/** What the conversation begins anew with after its request; `undefined` when the turn brought no notes. */
export const restartOf = ({ content, stopReason }: ModelTurn): string | undefined => {
  const judged = judgeTurn({ content, toolUses: content.filter(isToolUse), record: { stopReason } });
  return judged.kind === "answer" ? `${RESTART}\n\n<notes>\n${enclosed(judged.text)}\n</notes>` : undefined;
};

/**
 * By what the last call really was charged for, and what has been said since. Too long only when the
 * conversation, and not its request, is what makes it long: notes of little would win little.
 */
const isTooLong = ({ said }: Transcript, messages: readonly ModelMessage[], tokensMax: number): boolean => {
  const [first] = said;
  const last = said.at(-1);
  if (first === undefined || last === undefined) return false;
  const tokens = totalTokens(last.record.usage) + tokensSince(messages);
  return tokens > tokensMax && tokens - promptTokens(first.record.usage) >= tokensMax / 4;
};

const tokensSince = (messages: readonly ModelMessage[]): number => {
  const last = messages.at(-1);
  return last?.role === "user" ? Math.ceil(Buffer.byteLength(JSON.stringify(last)) / BYTES_PER_TOKEN) : 0;
};

const promptTokens = (usage: Usage): number => totalTokens(usage) - usage.outputTokens;

/** Rather too few than too many: texts run at 3 to 4. */
const BYTES_PER_TOKEN = 3;

const noNotes = (turn: Turn, tokensMax: number): TerminalError => {
  const judged = judgeTurn(turn);
  const [name, reason] =
    judged.kind === "failure"
      ? ([judged.name, judged.message] as const)
      : (["ModelProtocol", "the model called tools instead"] as const);
  return new TerminalError(
    name,
    `the conversation is longer than ${tokensMax} tokens, and no notes of it came: ${reason}`,
  );
};

const WRITE_NOTES = `This conversation is becoming too long to go on with. Everything but its first message, the request, will now be dropped, and in its place you will have what you write in answer to this: notes to yourself. Whoever has only the request and these notes must be able to finish the task. Write text only and call no tool now. Put down:
- what has been done so far and what came of it, with the paths of the files that matter;
- what was decided and why, and what was tried and did not work;
- facts that will be needed word for word: names, figures, messages of errors, and who or what they come from;
- what remains to be done, the next step first.
The workspace stays as it is: what stands in a file needs only its path.`;

const RESTART =
  "You have worked on this request before. The conversation became too long and was dropped; these are the notes that you wrote of it for yourself. The workspace is as you left it. Go on from here.";
