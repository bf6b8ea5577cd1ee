/** A server of tools, as an agent declares it. */
export interface ToolServer {
  readonly name: string;
  /** https, or http on this machine. */
  readonly url: string;
  /** How its credential, if it wants one, travels. */
  readonly auth: "bearer" | { readonly header: string } | undefined;
  /** One call may take so long. */
  readonly callMsMax: number;
}

/** A tool in its server's own words: none of them is trusted. */
export interface ServedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly type: "object"; readonly [keyword: string]: unknown };
  readonly isReadOnly: boolean;
  readonly isIdempotent: boolean;
  /** It may delete or overwrite; true unless the server denies it. */
  readonly isDestructive: boolean;
}

export interface ServedCall {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The same over all repetitions of this call. */
  readonly callId: string;
}

/** `isError`: the server says that its tool failed, in `content`. */
export interface ServedResult {
  readonly content: string;
  readonly isError: boolean;
}

/**
 * One task's sessions with its agent's servers; no other task shares them. A session begins with the
 * first request to its server, and a server that has forgotten it is given a new one.
 *
 * Both requests reject with RetryableError `ToolServerUnavailable` (away, overloaded, silent, cut),
 * with TerminalError `ToolServerRefused` (it does not let us in, or speaks something else) or
 * `SecretUnavailable`, and with the signal's reason when aborted. A credential is in no error and no result.
 */
export interface ToolServers {
  /** All of them; never a partial list. */
  list(server: ToolServer, signal: AbortSignal): Promise<readonly ServedTool[]>;
  /** A call that rejected may have had its effect. */
  call(server: ToolServer, call: ServedCall, signal: AbortSignal): Promise<ServedResult>;
  /** Never rejects. */
  close(): Promise<void>;
}
