import { createHash } from "node:crypto";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { ExecutionId } from "../contracts/ids.ts";
import { blobPrefix } from "../contracts/resources.ts";
import type { BlobRef } from "../contracts/value.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Blobs } from "../ports/blobs.ts";
import { awsRefusal, clientSettings, isNamed } from "./aws-client.ts";

/**
 * Blobs in S3, each under the hash of its bytes. Reading needs `s3:ListBucket` beside
 * `s3:GetObject`: without it S3 says 403, not 404, of an object that is gone.
 */
export const createS3Blobs = ({
  bucket,
  pathStyle,
  client = new S3Client({
    ...clientSettings({ requestTimeoutMs: 30_000 }),
    // Emulators have no DNS for a bucket's own host.
    forcePathStyle: pathStyle,
    // The content address is the checksum.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  }),
}: {
  readonly bucket: string;
  readonly pathStyle: boolean;
  readonly client?: S3Client;
}): Blobs => ({
  put: async (executionId, text) => {
    const bytes = Buffer.from(text);
    const blob = blobOf(executionId, bytes);
    await attempt("PutObject", () =>
      client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: blob.ref,
          Body: bytes,
          ContentType: "text/plain; charset=utf-8",
          // S3 compares it with what arrived.
          ChecksumSHA256: Buffer.from(blob.sha256, "hex").toString("base64"),
        }),
      ),
    );
    return blob;
  },

  get: async (blob) => {
    const bytes = await attempt("GetObject", async () => {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: blob.ref }));
        return await answer.Body?.transformToByteArray();
      } catch (error) {
        if (isNamed(error, "NoSuchKey", "NotFound")) return undefined;
        throw error;
      }
    });
    if (bytes === undefined) throw lost(blob, "is gone");
    if (bytes.length !== blob.bytes) throw lost(blob, `has ${bytes.length} bytes instead of ${blob.bytes}`);
    if (sha256Of(bytes) !== blob.sha256) throw lost(blob, "is altered");
    return Buffer.from(bytes).toString("utf8");
  },
});

/** What a text is called before it is stored; the same for the same bytes. */
export const blobOf = (executionId: ExecutionId, bytes: Uint8Array): BlobRef => {
  const sha256 = sha256Of(bytes);
  return { ref: `${blobPrefix(executionId)}${sha256}`, bytes: bytes.length, sha256 };
};

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const lost = (blob: BlobRef, how: string): TerminalError =>
  new TerminalError("CheckpointLost", `blob ${blob.ref} ${how}`);

const attempt = async <T>(operation: string, request: () => Promise<T>): Promise<T> => {
  try {
    return await request();
  } catch (error) {
    throw awsRefusal(error, `S3 ${operation}`);
  }
};
