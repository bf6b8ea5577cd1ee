import type { IncomingMessage } from "node:http";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { WebFailure } from "./web-failure.ts";

/** As it is sent, and as it is unpacked: a small bomb and an endless empty one are both too large. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;
const TEXT = /^(text\/[\w.+-]+|application\/(json|xml|yaml|javascript|[\w.-]+\+(json|xml)))$/;

/** A whole text of at most 2 MiB. Rejects with WebFailure, and has then closed the connection. */
export const readBody = async (
  response: IncomingMessage,
  status: number,
  signal: AbortSignal,
): Promise<{ contentType: string; body: string }> => {
  try {
    return await read(response, status, signal);
  } finally {
    response.destroy();
  }
};

const read = async (response: IncomingMessage, status: number, signal: AbortSignal) => {
  const { headers } = response;
  if (status < 200 || status > 299) throw new WebFailure("HTTP_STATUS", `the host answered ${status}`);
  const [contentType = "", ...parameters] = (headers["content-type"] ?? "text/plain")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  if (!TEXT.test(contentType)) {
    throw new WebFailure("UNSUPPORTED_CONTENT", `this is ${contentType.slice(0, 80)}, and only text is read`);
  }
  if (Number(headers["content-length"] ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const bytes = await unpacked(response, headers["content-encoding"] ?? "identity", signal);
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  return { contentType, body: decoded(bytes, charset?.replaceAll('"', "")) };
};

const unpacked = async (
  response: IncomingMessage,
  encoding: string,
  signal: AbortSignal,
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  const collect = new Writable({
    write: (chunk: Buffer, _, callback) => {
      chunks.push(chunk);
      callback();
    },
  });
  try {
    await pipeline([response, limited(), ...unpackerOf(encoding), limited(), collect], { signal });
  } catch (error) {
    // zlib's own codes, and Brotli's.
    const isUndecodable = /^(Z_|ERR__)/.test((error as NodeJS.ErrnoException).code ?? "");
    throw isUndecodable ? new WebFailure("FETCH_FAILED", "the text is not packed as it says") : error;
  }
  return Buffer.concat(chunks);
};

const unpackerOf = (encoding: string): Transform[] => {
  switch (encoding.trim().toLowerCase()) {
    case "identity":
    case "":
      return [];
    case "gzip":
    case "x-gzip":
      return [createGunzip()];
    case "br":
      return [createBrotliDecompress()];
    case "deflate":
      return [createInflate()];
    default:
      throw new WebFailure("UNSUPPORTED_CONTENT", "the text is packed in a way that was not asked for");
  }
};

const limited = (): Transform => {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _, callback) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) callback(tooLarge());
      else callback(null, chunk);
    },
  });
};

const tooLarge = (): WebFailure =>
  new WebFailure("RESPONSE_TOO_LARGE", `the text has more than ${BODY_BYTES_MAX} bytes`);

/** What names no known alphabet is read as UTF-8. */
const decoded = (bytes: Buffer, charset: string | undefined): string => {
  try {
    return new TextDecoder(charset ?? "utf-8").decode(bytes);
  } catch {
    return new TextDecoder("utf-8").decode(bytes);
  }
};
