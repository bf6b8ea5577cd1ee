import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Never on another address: nothing of the embedded host is meant for the network. */
export const LOOPBACK = "127.0.0.1";

/** `port` 0: any free one. Rejects with EADDRINUSE. */
export const listen = async (server: Server, port: number): Promise<void> => {
  server.listen(port, LOOPBACK);
  await once(server, "listening");
};

export const addressOf = (server: Server): string => `${LOOPBACK}:${(server.address() as AddressInfo).port}`;

/** Closes connections in use too: whoever has something to say has said it before. */
export const closeServer = async (server: Server): Promise<void> => {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
};

export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/** The whole body; rejects with BodyTooLarge as soon as that is known, and leaves the rest unread. */
export const readBody = (request: IncomingMessage, bytesMax: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = Number(request.headers["content-length"] ?? 0);
    if (bytes > bytesMax) return reject(new BodyTooLarge());
    bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) {
        request.removeAllListeners("data");
        return reject(new BodyTooLarge());
      }
      chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("close", () => {
      if (!request.complete) reject(new Error("the connection ended within the body"));
    });
  });
