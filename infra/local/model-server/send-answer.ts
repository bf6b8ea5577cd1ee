import type { ServerResponse } from "node:http";
import type { Block } from "./check-messages.ts";
import type { Fault } from "./faults.ts";
import type { AnswerMessage } from "./message-of-turn.ts";

/** Text longer than this comes in more than the usual three pieces. */
const PIECE_CHARACTERS_MAX = 64 * 1024;

/** How an answer is sent. `onPaid` runs right before the first byte; the promise settles at the end. */
export interface Sending {
  readonly latencyMs: number;
  readonly fault: Fault | undefined;
  readonly requestId: string;
  readonly onPaid: () => void;
}

/** One JSON object, for a request without `stream`. */
export const sendWhole = async (
  response: ServerResponse,
  message: AnswerMessage,
  { latencyMs, fault, requestId, onPaid }: Sending,
): Promise<void> => {
  await pause(latencyMs, response);
  onPaid();
  if (fault?.kind === "stall") await pause(fault.ms, response);
  if (fault?.kind === "cut" || fault?.kind === "silent-end") {
    response.destroy();
    return;
  }
  response.writeHead(200, { "content-type": "application/json", "request-id": requestId });
  response.end(JSON.stringify(wholeMessage(message)));
};

/**
 * Server-sent events. `message_start` goes out at once and the rest after the latency, all in one
 * write: what a client parses is the same, and a call costs the server almost nothing.
 */
export const sendStream = async (
  response: ServerResponse,
  message: AnswerMessage,
  { latencyMs, fault, requestId, onPaid }: Sending,
): Promise<void> => {
  onPaid();
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "request-id": requestId,
  });
  const opening = `${startEvent(message)}${event("ping", {})}`;
  const content = message.content.flatMap((block, index) => blockEvents(block, index, message));
  if (latencyMs > 0) {
    response.write(opening);
    await pause(latencyMs, response);
  }
  const head = latencyMs > 0 ? "" : opening;
  const half = Math.ceil(content.length / 2);
  switch (fault?.kind) {
    case "cut":
      // The callback: destroying at once would lose the bytes that make it a cut in the middle.
      response.write(head + content.slice(0, half).join(""), () => response.destroy());
      return;
    case "silent-end":
      response.end(head + content.slice(0, half).join(""));
      return;
    case "error-event":
      response.end(head + content.slice(0, half).join("") + errorEvent(fault.type));
      return;
    case "stall":
      response.write(head + content.slice(0, half).join(""));
      await pause(fault.ms, response);
      response.end(content.slice(half).join("") + endEvents(message));
      return;
    default:
      response.end(head + content.join("") + endEvents(message));
  }
};

/** Ends early when the client hangs up. */
const pause = async (ms: number, response: ServerResponse): Promise<void> => {
  if (ms <= 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
};

const event = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

const errorEvent = (type: string): string => event("error", { error: { type, message: "scripted failure" } });

const wholeMessage = ({ id, model, content, stopReason, usage }: AnswerMessage): object => ({
  id,
  type: "message",
  role: "assistant",
  model,
  content,
  stop_reason: stopReason,
  stop_sequence: null,
  ...(usage === null ? {} : { usage }),
});

const startEvent = (message: AnswerMessage): string =>
  event("message_start", {
    message: {
      ...wholeMessage(message),
      content: [],
      stop_reason: null,
      ...(message.usage === null ? {} : { usage: { ...message.usage, output_tokens: 1 } }),
    },
  });

const endEvents = ({ stopReason, usage }: AnswerMessage): string =>
  event("message_delta", {
    delta: { stop_reason: stopReason, stop_sequence: null },
    ...(usage === null ? {} : { usage: { output_tokens: usage["output_tokens"] ?? 0 } }),
  }) + event("message_stop", {});

const blockEvents = (block: Block, index: number, message: AnswerMessage): string[] => {
  const delta = (fields: object): string => event("content_block_delta", { index, delta: fields });
  const start = (contentBlock: object): string =>
    event("content_block_start", { index, content_block: contentBlock });
  const stop = event("content_block_stop", { index });
  switch (block.type) {
    case "text":
      return [
        start({ type: "text", text: "" }),
        ...piecesOf(String(block["text"])).map((text) => delta({ type: "text_delta", text })),
        stop,
      ];
    case "thinking":
      return [
        start({ type: "thinking", thinking: "", signature: "" }),
        ...piecesOf(String(block["thinking"])).map((thinking) => delta({ type: "thinking_delta", thinking })),
        delta({ type: "signature_delta", signature: block["signature"] }),
        stop,
      ];
    default: {
      const json = JSON.stringify(block["input"]);
      const isBroken = message.breaksInput && index === message.content.length - 1;
      const sent = isBroken ? json.slice(0, Math.max(json.length - 2, 1)) : json;
      return [
        start({ ...block, input: {} }),
        ...piecesOf(sent).map((part) => delta({ type: "input_json_delta", partial_json: part })),
        stop,
      ];
    }
  }
};

const piecesOf = (text: string): string[] => {
  const count = Math.max(Math.min(3, text.length), Math.ceil(text.length / PIECE_CHARACTERS_MAX));
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, at) => text.slice(at * size, (at + 1) * size)).filter(
    (piece) => piece !== "",
  );
};
