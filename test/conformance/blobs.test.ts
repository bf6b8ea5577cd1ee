import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { createS3Blobs } from "../../functions/shared/adapters/s3-blobs.ts";
import { RetryableError, TerminalError } from "../../functions/shared/kernel/errors.ts";
import { emulated, makeBucket, startFauxqs } from "../support/emulators.ts";
import { MemoryBlobs } from "../support/memory-ports.ts";
import { blobsSuite } from "./blobs.suite.ts";

blobsSuite("memory", async () => {
  const blobs = new MemoryBlobs();
  return {
    blobs,
    force: async (ref, text) => {
      if (text === undefined) blobs.texts.delete(ref);
      else blobs.texts.set(ref, text);
    },
    close: async () => {},
  };
});

blobsSuite("S3, as fauxqs has it", async () => {
  const fauxqs = await startFauxqs();
  await makeBucket(fauxqs.endpoint, "blobs");
  const client = new S3Client({ ...emulated(fauxqs.endpoint), forcePathStyle: true });
  return {
    blobs: createS3Blobs({ bucket: "blobs", pathStyle: true, client }),
    force: async (Key, text) => {
      await client.send(
        text === undefined
          ? new DeleteObjectCommand({ Bucket: "blobs", Key })
          : new PutObjectCommand({ Bucket: "blobs", Key, Body: text }),
      );
    },
    close: async () => {
      client.destroy();
      await fauxqs.close();
    },
  };
});

test("a bucket that does not exist is a TerminalError, but no lost checkpoint", async () => {
  const fauxqs = await startFauxqs();
  const client = new S3Client({ ...emulated(fauxqs.endpoint), forcePathStyle: true });
  const blobs = createS3Blobs({ bucket: "nobody", pathStyle: true, client });
  const put = blobs.put("01JD0000000000000000000000", "x");
  await expect(put).rejects.toBeInstanceOf(TerminalError);
  await expect(put).rejects.toMatchObject({ failureName: "Internal" });
  await fauxqs.close();
});

test("a bucket that cannot be reached is a RetryableError, and nothing is said to be lost", async () => {
  const client = new S3Client({ ...emulated("http://127.0.0.1:1"), forcePathStyle: true, maxAttempts: 1 });
  const blobs = createS3Blobs({ bucket: "blobs", pathStyle: true, client });
  const blob = { ref: "blobs/x/y", bytes: 1, sha256: "0".repeat(64) };
  await expect(blobs.get(blob)).rejects.toBeInstanceOf(RetryableError);
  await expect(blobs.put("01JD0000000000000000000000", "x")).rejects.toBeInstanceOf(RetryableError);
});
