import { createHash } from "node:crypto";
import type { BlobRef } from "../../functions/shared/contracts/value.ts";
import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Blobs } from "../../functions/shared/ports/blobs.ts";
import type { Chance } from "./chance.ts";
import type { PortCalls } from "./port-calls.ts";
import type { SimProcess } from "./sim-process.ts";

/** Immutable texts; a failed write may have left nothing. */
export class SimBlobs {
  readonly #texts = new Map<string, string>();
  readonly #calls: PortCalls;
  readonly #chance: Chance;

  constructor(calls: PortCalls, chance: Chance) {
    this.#calls = calls;
    this.#chance = chance;
  }

  portOf(process: SimProcess): Blobs {
    return {
      put: (executionId, text) =>
        this.#calls.call(process, {
          service: "blobs",
          place: "put blob",
          subject: executionId,
          latencyMs: this.#chance.int(10, 80),
          effect: (): BlobRef => {
            const sha256 = createHash("sha256").update(text).digest("hex");
            const ref = `blobs/${executionId}/${sha256}`;
            this.#texts.set(ref, text.toWellFormed());
            return { ref, bytes: Buffer.byteLength(text), sha256 };
          },
        }),
      get: (blob) =>
        this.#calls.call(process, {
          service: "blobs",
          place: "get blob",
          subject: blob.ref.slice(0, 40),
          latencyMs: this.#chance.int(5, 40),
          isRead: true,
          effect: () => this.read(blob),
        }),
    };
  }

  read(blob: BlobRef): string {
    const text = this.#texts.get(blob.ref);
    if (text === undefined || Buffer.byteLength(text) !== blob.bytes) {
      throw new TerminalError("CheckpointLost", `blob ${blob.ref} is gone or altered`);
    }
    return text;
  }
}
