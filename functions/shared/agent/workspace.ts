import { splitTaskId, type TaskId } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import { fileKey, filesPartition, WORKSPACE_TOTALS } from "../contracts/resources.ts";
import { FileRecord } from "../contracts/task-record.ts";
import type { BlobRef } from "../contracts/value.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { ToolRefusal } from "./tool.ts";

/** Whose hand it is that writes. */
export interface WorkspaceOwner {
  readonly agent: string;
  readonly taskId: TaskId;
  readonly expiresAt: number;
}

/** `version` 0 means "must not exist yet"; absent means "whatever is there now". */
export interface FileWrite {
  readonly path: string;
  readonly text: string;
  readonly version?: number | undefined;
  /** The tool call behind it: written again by the same call, the file is already right. */
  readonly call: string;
}

/**
 * One execution's files: an index of items over immutable blobs. Paths are already normalised.
 *
 * W1. A file changes by one write that is conditional on the version it replaces; who loses is told
 *     the current version (ToolRefusal `VERSION_CONFLICT`).
 * W2. A call that is repeated after a crash changes nothing when its write was the last one.
 * W3. The totals never fall below what is stored: growth is counted before the file changes,
 *     shrinkage after it. A crash in between leaves them too high by one file at most.
 */
export class Workspace {
  readonly #ports: { readonly store: Store; readonly blobs: Blobs; readonly clock: Clock };
  readonly #owner: WorkspaceOwner;
  readonly #executionId: string;

  constructor(
    ports: { readonly store: Store; readonly blobs: Blobs; readonly clock: Clock },
    owner: WorkspaceOwner,
  ) {
    this.#ports = ports;
    this.#owner = owner;
    this.#executionId = splitTaskId(owner.taskId).executionId;
  }

  /** All files, by path, optionally those below one folder. */
  async list(folder?: string): Promise<FileRecord[]> {
    const prefix = folder === undefined ? "" : `${folder}/`;
    const items = await this.#ports.store.list(filesPartition(this.#executionId), prefix);
    return items.filter((item) => item.sk !== WORKSPACE_TOTALS).map((item) => FileRecord.parse(item));
  }

  async find(path: string): Promise<FileRecord | undefined> {
    const item = await this.#ports.store.get(fileKey(this.#executionId, path));
    return item === undefined ? undefined : FileRecord.parse(item);
  }

  /** Those of the paths that name no file. */
  async missing(paths: readonly string[]): Promise<string[]> {
    const found: boolean[] = [];
    for (let from = 0; from < paths.length; from += LIMITS.getManyMax) {
      const keys = paths
        .slice(from, from + LIMITS.getManyMax)
        .map((path) => fileKey(this.#executionId, path));
      found.push(...(await this.#ports.store.getMany(keys)).map((item) => item !== undefined));
    }
    return paths.filter((_, index) => !found[index]);
  }

  text(file: FileRecord): Promise<string> {
    return this.#ports.blobs.get(file.blob);
  }

  /** Throws ToolRefusal `VERSION_CONFLICT` or `WORKSPACE_QUOTA`; then nothing has changed. */
  async write({ path, text, version, call }: FileWrite): Promise<FileRecord> {
    const whole = text.toWellFormed();
    const bytes = Buffer.byteLength(whole);
    if (bytes > LIMITS.fileBytesMax)
      throw quota(`a file may have ${LIMITS.fileBytesMax} bytes; this one has ${bytes}`);
    const before = await this.find(path);
    if (before?.call === call) return before; // W2
    if (version !== undefined && version !== (before?.version ?? 0)) throw versionConflict(path, before);
    const blob = await this.#ports.blobs.put(this.#executionId, whole);
    const growth = { files: before === undefined ? 1 : 0, bytes: bytes - (before?.blob.bytes ?? 0) };
    const grows = growth.files > 0 || growth.bytes > 0;
    if (grows) await this.#count(growth); // W3
    const written = await this.#replace(path, before, blob, call);
    if (written === undefined) {
      if (grows) await this.#count({ files: -growth.files, bytes: -growth.bytes });
      throw versionConflict(path, await this.find(path));
    }
    if (growth.bytes < 0) await this.#count(growth); // W3
    return written;
  }

  /**
   * Enters an answer of a peer under its path. Not counted against the quota: refusing it would
   * lose a paid answer, and `max_tokens` bounds it. Entering it again changes nothing.
   */
  async enterAnswer(path: string, blob: BlobRef): Promise<void> {
    await this.#replace(path, undefined, blob, path);
  }

  /**
   * Enters a tool's result under a path that names its content, so that entering it again changes
   * nothing. Throws ToolRefusal `WORKSPACE_QUOTA`; then nothing has changed.
   */
  async enterResult(path: string, blob: BlobRef): Promise<void> {
    if ((await this.find(path)) !== undefined) return;
    await this.#count({ files: 1, bytes: blob.bytes }); // W3
    const entered = await this.#replace(path, undefined, blob, path);
    if (entered === undefined) await this.#count({ files: -1, bytes: -blob.bytes });
  }

  /** W1. `undefined` when somebody else was first. */
  async #replace(
    path: string,
    before: FileRecord | undefined,
    blob: BlobRef,
    call: string,
  ): Promise<FileRecord | undefined> {
    const { agent, taskId, expiresAt } = this.#owner;
    const now = this.#ports.clock.now();
    const file: FileRecord = {
      path,
      version: (before?.version ?? 0) + 1,
      blob,
      by: agent,
      taskId,
      at: now,
      call,
    };
    const key = fileKey(this.#executionId, path);
    const written =
      before === undefined
        ? await this.#ports.store.create({ ...key, ...file, expiresAt })
        : await this.#ports.store.update(key, {
            set: [
              [["version"], file.version],
              [["blob"], { ...blob }],
              [["by"], agent],
              [["taskId"], taskId],
              [["at"], now],
              [["call"], call],
            ],
            when: [{ path: ["version"], is: "equal", value: before.version }],
          });
    if (written === "applied") return file;
    // A write may have been applied although it came back refused.
    const stored = await this.find(path);
    return stored?.call === call ? stored : undefined;
  }

  async #count(growth: { readonly files: number; readonly bytes: number }): Promise<void> {
    const key = { pk: filesPartition(this.#executionId), sk: WORKSPACE_TOTALS };
    const add = () =>
      this.#ports.store.update(key, {
        add: [
          [["files"], growth.files],
          [["bytes"], growth.bytes],
        ],
        when: [
          { path: ["files"], is: "atMost", value: LIMITS.workspaceFilesMax - growth.files },
          { path: ["bytes"], is: "atMost", value: LIMITS.workspaceBytesMax - growth.bytes },
        ],
      });
    if ((await add()) === "applied") return;
    // Refused because the totals are not there yet, or because there is no room: creating tells.
    await this.#ports.store.create({ ...key, files: 0, bytes: 0, expiresAt: this.#owner.expiresAt });
    if ((await add()) === "applied") return;
    throw quota(
      `a workspace holds ${LIMITS.workspaceFilesMax} files and ${LIMITS.workspaceBytesMax} bytes; make files smaller or fewer`,
    );
  }
}

export const versionConflict = (path: string, current: FileRecord | undefined): ToolRefusal =>
  new ToolRefusal(
    "VERSION_CONFLICT",
    current === undefined
      ? `${path} does not exist; its current version is 0`
      : `the current version of ${path} is ${current.version}, written by ${current.by}; read it before you change it`,
  );

const quota = (message: string): ToolRefusal => new ToolRefusal("WORKSPACE_QUOTA", message);
