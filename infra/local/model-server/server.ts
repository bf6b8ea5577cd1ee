import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { ALL_SCRIPTS } from "./all-scripts.ts";
import { ApiError, errorBody } from "./api-error.ts";
import { signerOf } from "./aws-signature.ts";
import { checkRequest, keyOf } from "./check-request.ts";
import { chooseTurn } from "./choose-turn.ts";
import { DIALECTS, type Dialect, usageIn } from "./dialect.ts";
import { FaultSchedule } from "./faults.ts";
import { hashOfKey, Ledger, type LedgerEntry } from "./ledger.ts";
import { messageOfTurn } from "./message-of-turn.ts";
import type { Script } from "./script.ts";
import { sendStream, sendWhole } from "./send-answer.ts";
import { checkThinking } from "./thinking-binding.ts";

const BODY_BYTES_MAX = 32 * 1024 * 1024;

export interface ModelServerOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** What it listens on. Default: 127.0.0.1, so that nobody else can ask it. */
  readonly host?: string;
  /** Default: all of `scripts/`. */
  readonly scripts?: readonly Script[];
  /** The script for requests without a marker. Default: `standard`. */
  readonly defaultScript?: string;
  /** Every call as a JSON line, written before the answer; an existing file is gone on with. */
  readonly ledgerFile?: string;
  /** Secrets by access key id, of those who sign their requests as Bedrock has it. */
  readonly awsSecrets?: Readonly<Record<string, string>>;
  /** For turns that name no latency of their own. */
  readonly latencyMs?: number;
}

export interface ModelServer {
  readonly url: string;
  ledger(): readonly LedgerEntry[];
  /** Adds a script, or replaces the one of this name. */
  addScript(script: Script): void;
  /** Lets the faults of every conversation begin anew. */
  resetFaults(): void;
  /** Resolves when the port is free; calls under way are cut. */
  stop(): Promise<void>;
}

/**
 * The Messages API, offline: it answers by script, refuses what the real one refuses, fails on
 * demand and keeps a ledger of all calls.
 *
 * I1. Every request for messages, in whichever dialect, has exactly one ledger entry, whatever becomes of it.
 * I2. `paid` is on record before the first byte of an answer is sent.
 * I3. No key is remembered, only its hash and its last four characters.
 */
export const createModelServer = async (options: ModelServerOptions = {}): Promise<ModelServer> => {
  const scripts = new Map((options.scripts ?? ALL_SCRIPTS).map((script) => [script.name, script]));
  const ledger = new Ledger(options.ledgerFile);
  const faults = new FaultSchedule();

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    entry: LedgerEntry,
    dialect: Dialect,
  ): Promise<void> => {
    const body = await bodyOf(request);
    const key = callerOf(request, body, dialect);
    entry.keyHash = hashOfKey(key);
    entry.keyEnd = key.slice(-4);
    const checked = checkRequest(request.headers, body, dialect);
    entry.model = checked.model;
    entry.isStructured = checked.isStructured;
    checkThinking(checked);
    const chosen = chooseTurn(scripts, options.defaultScript ?? "standard", checked);
    entry.agent = chosen.agent;
    entry.script = chosen.script;
    entry.conversation = chosen.conversation;
    entry.turn = chosen.turn;
    const fault = faults.next(chosen.conversation, chosen.turn, chosen.answer.faults ?? []);
    entry.fault = fault?.kind ?? null;
    if (fault?.kind === "status") {
      if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
      throw new ApiError(fault.status, fault.type, "scripted failure");
    }
    const said = messageOfTurn(chosen.answer, fault, checked, body.length);
    const message = { ...said, usage: usageIn(dialect, said.usage) };
    entry.stopReason = message.stopReason;
    entry.calls = message.content.filter(({ type }) => type === "tool_use").map(({ name }) => String(name));
    const send = checked.stream ? sendStream : sendWhole;
    await send(response, message, {
      latencyMs: chosen.answer.latencyMs ?? options.latencyMs ?? 0,
      fault,
      requestId: requestId(),
      onPaid: () => {
        entry.status = 200;
        entry.usage = message.usage;
        ledger.pay(entry);
      },
    });
  };

  /** The key, or the id of the key that signed: who pays. */
  const callerOf = (request: IncomingMessage, body: string, dialect: Dialect): string => {
    const { headers, method = "", url: path = "" } = request;
    const isSigned = dialect.name === "bedrock" && headers.authorization?.startsWith("AWS4-");
    if (isSigned !== true) return keyOf(headers);
    return signerOf({ method, path, headers, body }, (id) => options.awsSecrets?.[id]);
  };

  const serveMessages = async (
    request: IncomingMessage,
    response: ServerResponse,
    dialect: Dialect,
  ): Promise<void> => {
    const entry = ledger.open();
    response.once("finish", () => {
      const { fault } = entry;
      entry.completed = entry.paid && fault !== "silent-end" && fault !== "error-event";
    });
    response.once("close", () => ledger.close(entry));
    try {
      await answer(request, response, entry, dialect);
    } catch (error) {
      const refused = error instanceof ApiError ? error : new ApiError(500, "api_error", String(error));
      entry.status = refused.status;
      entry.error = refused.message;
      sendError(response, refused);
    }
  };

  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0];
    const dialect = DIALECTS.find((one) => one.path === path);
    if (dialect !== undefined && request.method === "POST") void serveMessages(request, response, dialect);
    else if (path === "/_ledger" && request.method === "GET") sendJson(response, ledger.entries());
    else sendError(response, new ApiError(404, "not_found_error", `no route for ${request.method} ${path}`));
  });
  // Clients keep connections over pauses between turns; ending them first would look like a fault.
  server.keepAliveTimeout = 60_000;
  const host = options.host ?? "127.0.0.1";
  const port = await listen(server, options.port ?? 0, host);

  return {
    url: `http://${host}:${port}`,
    ledger: () => ledger.entries(),
    addScript: (script) => void scripts.set(script.name, script),
    resetFaults: () => faults.reset(),
    stop: () => close(server),
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) {
    throw new ApiError(413, "request_too_large", `at most ${BODY_BYTES_MAX} bytes`);
  }
  return text(request);
};

const requestId = (): string => `req_${randomBytes(9).toString("hex")}`;

const sendError = (response: ServerResponse, { status, type, message }: ApiError): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const id = requestId();
  response.writeHead(status, { "content-type": "application/json", "request-id": id });
  response.end(errorBody(type, message, id));
};

const sendJson = (response: ServerResponse, value: unknown): void => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
