/** Time, ids and chance: everything that would make two runs of one seed differ. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Unguessable bytes. */
  bytes(count: number): Uint8Array;
}
