import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BlobRef } from "../../functions/shared/contracts/value.ts";
import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Blobs } from "../../functions/shared/ports/blobs.ts";

export interface OpenBlobs {
  readonly blobs: Blobs;
  /** Writes behind the port's back; `undefined` deletes. */
  force(ref: string, text: string | undefined): Promise<void>;
  close(): Promise<void>;
}

const mine = "01JD0000000000000000000000";
const theirs = "01JD0000000000000000000001";

/** What every Blobs promises. */
export const blobsSuite = (name: string, open: () => Promise<OpenBlobs>): void => {
  describe(`blobs: ${name}`, () => {
    let opened: OpenBlobs;
    let blobs: Blobs;

    beforeAll(async () => {
      opened = await open();
      blobs = opened.blobs;
    });
    afterAll(async () => await opened.close());

    const lost = async (blob: BlobRef): Promise<void> => {
      const got = blobs.get(blob);
      await expect(got).rejects.toBeInstanceOf(TerminalError);
      await expect(got).rejects.toMatchObject({ failureName: "CheckpointLost" });
    };

    test.each([
      ["nothing", ""],
      ["a line", "hello\n"],
      ["text of every plane", "\u0000 é 中文 \uFFFF 👩‍🚀 \u{10FFFF}\r\n"],
      ["a byte order mark", "\uFEFFx"],
      ["2 MiB", "0123456789abcdef".repeat(128 * 1024)],
    ])("%s comes back as it went in", async (_, text) => {
      const blob = await blobs.put(mine, text);
      expect(await blobs.get(blob)).toBe(text);
      expect(blob.bytes).toBe(Buffer.byteLength(text));
    });

    test("the address is the execution and the hash of the bytes", async () => {
      const sha256 = createHash("sha256").update("größe").digest("hex");
      expect(await blobs.put(mine, "größe")).toEqual({ ref: `blobs/${mine}/${sha256}`, bytes: 7, sha256 });
      expect((await blobs.put(theirs, "größe")).ref).toBe(`blobs/${theirs}/${sha256}`);
    });

    test("the same text twice is one blob", async () => {
      const [a, b] = await Promise.all([blobs.put(mine, "same"), blobs.put(mine, "same")]);
      expect(a).toEqual(b);
      expect(await blobs.get(b)).toBe("same");
    });

    test("a lone surrogate is kept as UTF-8 keeps it, and still found [bad-input 12]", async () => {
      expect(await blobs.get(await blobs.put(mine, "a\uD800b"))).toBe("a\uFFFDb");
    });

    test("a blob that is gone is CheckpointLost [bad-input 42]", async () => {
      const blob = await blobs.put(mine, "soon gone");
      await opened.force(blob.ref, undefined);
      await lost(blob);
    });

    test("a blob that was cut is CheckpointLost [bad-input 42]", async () => {
      const blob = await blobs.put(mine, "cut in the middle");
      await opened.force(blob.ref, "cut in");
      await lost(blob);
    });

    test("a blob of the same length but other bytes is CheckpointLost [bad-input 42]", async () => {
      const blob = await blobs.put(mine, "original");
      await opened.force(blob.ref, "0riginal");
      await lost(blob);
    });

    test("a reference that names another blob's bytes is CheckpointLost, never those bytes", async () => {
      const [a, b] = [await blobs.put(mine, "text a"), await blobs.put(mine, "text b")];
      await lost({ ...a, ref: b.ref });
      await lost({ ...a, sha256: b.sha256 });
      await lost({ ...a, bytes: 5 });
    });
  });
};
