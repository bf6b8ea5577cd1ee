import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { buildApp } from "fauxqs";

export type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>["stores"]>;
export type Queue = NonNullable<ReturnType<Stores["sqsStore"]["getQueueByName"]>>;

export interface OpenStores {
  readonly stores: Stores;
  close(): void;
}

/**
 * The stores behind fauxqs, in memory or kept in `folder`. `startFauxqs` would do this, but listens
 * on all addresses; `buildApp` does not, but knows no persistence; so the wiring is repeated here,
 * with differences that a restart needs:
 *
 *   S1. The database knows that a message exists, and not who holds it: after a restart every
 *       message is ready or delayed, because whoever held one died with the last host.
 *   S2. A queue that exists is not created anew, which would delete its messages.
 */
export const openStores = async (folder: string | undefined): Promise<OpenStores> => {
  const [{ SqsStore }, { SnsStore }, { S3Store }] = await Promise.all([
    internal<{ SqsStore: new () => Stores["sqsStore"] }>("sqs/sqsStore.js"),
    internal<{ SnsStore: new () => Stores["snsStore"] }>("sns/snsStore.js"),
    internal<{ S3Store: new () => Stores["s3Store"] }>("s3/s3Store.js"),
  ]);
  const stores: Stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  if (folder === undefined) return { stores, close: () => {} };

  const { PersistenceManager } = await internal<{ PersistenceManager: new (folder: string) => Persistence }>(
    "persistence.js",
  );
  const persistence = new PersistenceManager(folder);
  forgetHolders(persistence);
  // Loaded first and connected afterwards, lest loading writes everything again.
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  stores.sqsStore.persistence = persistence;
  stores.s3Store.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) {
    queue.persistence = persistence;
  }
  return { stores, close: () => persistence.close() };
};

/** Creates the queue or, when the folder brought it along, gives it today's attributes. */
export const ensureQueue = (
  { sqsStore }: Stores,
  name: string,
  url: string,
  attributes: Record<string, string>,
): Queue => {
  const existing = sqsStore.getQueueByName(name);
  if (existing === undefined) return sqsStore.createQueue(name, url, queueArn(name), attributes);
  existing.setAttributes(attributes);
  return existing;
};

export const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

type Persistence = NonNullable<Stores["sqsStore"]["persistence"]>;

/**
 * S1 saves a write for each receive, and steps around a fault of fauxqs 2.4.1: a message that is made
 * visible at once has its receive count set to NULL, which its own schema forbids, and is then in no
 * list until the next start.
 * WAL with NORMAL survives a killed process, which is what is promised; a power cut may lose the
 * newest messages, and messages are hints.
 */
const forgetHolders = (persistence: Persistence): void => {
  persistence.updateMessageInflight = () => {};
  persistence.updateMessageReady = () => {};
  const { db } = persistence as unknown as { readonly db: DatabaseSync };
  db.exec("PRAGMA synchronous = NORMAL");
};

/** Modules of fauxqs that its package does not export. */
const internal = async <T>(file: string): Promise<T> => {
  const manifest = findPackageJSON("fauxqs", import.meta.url);
  if (manifest === undefined) throw new Error("fauxqs is not installed; run `npm ci`");
  return (await import(pathToFileURL(join(dirname(manifest), "dist", file)).href)) as T;
};
