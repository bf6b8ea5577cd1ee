import { ToolRefusal } from "../shared/agent/tool.ts";
import { writablePath } from "../shared/agent/workspace-path.ts";
import type { FirstFile } from "../shared/contracts/api.ts";
import { CALLER, type ExecutionId, taskIdOf } from "../shared/contracts/ids.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { fileKey, filesPartition, WORKSPACE_TOTALS } from "../shared/contracts/resources.ts";
import type { FileRecord } from "../shared/contracts/task-record.ts";
import type { ApiPorts } from "../shared/ports/api-ports.ts";
import { ApiProblem } from "./problems.ts";
import { shown } from "./shown.ts";

/**
 * The files of a request as the workspace will hold them: paths in their one form, texts that have
 * a UTF-8 form. Throws `INVALID_PATH`, `DUPLICATE_KEY` or `INPUT_TOO_LARGE`, each with the field.
 */
export const acceptFiles = (files: readonly FirstFile[]): readonly FirstFile[] => {
  const accepted = files.map(({ path, content }, index) => ({
    path: acceptPath(path, `files.${index}.path`),
    content: content.toWellFormed(),
  }));
  const seen = new Set<string>();
  let total = 0;
  for (const [index, { path, content }] of accepted.entries()) {
    if (seen.has(path)) {
      const detail = `files must have paths of their own; ${shown(path)} stands twice`;
      throw new ApiProblem("DUPLICATE_KEY", detail, { path: `files.${index}.path` });
    }
    seen.add(path);
    const bytes = Buffer.byteLength(content);
    total += bytes;
    if (bytes > LIMITS.fileBytesMax) {
      const detail = `a file must be at most ${LIMITS.fileBytesMax} bytes of UTF-8; ${shown(path)} has ${bytes}`;
      throw new ApiProblem("INPUT_TOO_LARGE", detail, { path: `files.${index}.content` });
    }
  }
  if (total > LIMITS.firstFilesBytesMax) {
    const detail = `files must be at most ${LIMITS.firstFilesBytesMax} bytes in all; got ${total}`;
    throw new ApiProblem("INPUT_TOO_LARGE", detail, { path: "files" });
  }
  return accepted;
};

const acceptPath = (path: string, field: string): string => {
  try {
    return writablePath(path);
  } catch (error) {
    if (!(error instanceof ToolRefusal)) throw error;
    throw new ApiProblem("INVALID_PATH", error.message.replace(/^INVALID_PATH: /, ""), { path: field });
  }
};

/**
 * Puts them where agents look, by the caller and for the entry task. Every item is create-only, so
 * that whoever finishes this creation, or comes late, never undoes what an agent has written since.
 */
export const putFirstFiles = async (
  { store, blobs }: Pick<ApiPorts, "store" | "blobs">,
  { id, createdAt, expiresAt }: { id: ExecutionId; createdAt: number; expiresAt: number },
  files: readonly FirstFile[],
): Promise<void> => {
  if (files.length === 0) return;
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  // W3 of workspace.ts: the totals never fall below what is stored.
  const totals = { pk: filesPartition(id), sk: WORKSPACE_TOTALS, files: files.length, bytes, expiresAt };
  await store.create(totals);
  const put = async ({ path, content }: FirstFile): Promise<void> => {
    const blob = await blobs.put(id, content);
    const file: FileRecord = { path, version: 1, blob, by: CALLER, taskId: taskIdOf(id, 1), at: createdAt };
    await store.create({ ...fileKey(id, path), ...file, expiresAt });
  };
  for (let from = 0; from < files.length; from += PUT_AT_ONCE) {
    await Promise.all(files.slice(from, from + PUT_AT_ONCE).map(put));
  }
};

/** Bounds the connections that one request takes. */
const PUT_AT_ONCE = 10;
