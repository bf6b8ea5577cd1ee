import { createRoute, z } from "@hono/zod-openapi";
import { workspacePath } from "../../shared/agent/workspace-path.ts";
import { FileContent, FileList, type FileView } from "../../shared/contracts/api.ts";
import type { ExecutionId } from "../../shared/contracts/ids.ts";
import { fileKey, filesPartition, WORKSPACE_TOTALS } from "../../shared/contracts/resources.ts";
import { FileRecord } from "../../shared/contracts/task-record.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals } from "../documentation.ts";
import { findStateItem } from "../find-execution.ts";
import { ApiProblem } from "../problems.ts";
import { executionParams } from "../request-fields.ts";
import { shown } from "../shown.ts";
import { carryBlob } from "../stored-text.ts";
import { timestamp } from "../views/timestamp.ts";

const route = createRoute({
  method: "get",
  path: "/executions/{id}/files",
  operationId: "getFiles",
  summary: "List the workspace, or read one file of it",
  request: {
    params: executionParams,
    query: z.strictObject({
      path: z
        .string()
        .optional()
        .openapi({ description: "One file, with its content.", example: "src/limiter.ts" }),
    }),
  },
  responses: {
    200: {
      description: "The files by path; with `?path=` that one.",
      content: { "application/json": { schema: z.union([FileContent, FileList]) } },
    },
    ...refusals("INVALID_ID", "INVALID_PATH", "EXECUTION_NOT_FOUND", "FILE_NOT_FOUND", "CONTENT_LOST"),
  },
});

export const getFiles = (app: ApiApp, ports: ApiPorts): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { path } = c.req.valid("query");
    await findStateItem(ports.store, c.var.tenant, id);
    return c.json(path === undefined ? await listFiles(ports, id) : await readFile(ports, id, path), 200);
  });
};

const listFiles = async ({ store }: ApiPorts, id: ExecutionId): Promise<FileList> => {
  const items = await store.list(filesPartition(id));
  const files = items.filter(({ sk }) => sk !== WORKSPACE_TOTALS).map((item) => FileRecord.parse(item));
  return { files: files.map(fileView) };
};

const readFile = async ({ store, blobs }: ApiPorts, id: ExecutionId, raw: string): Promise<FileContent> => {
  const path = normalPath(raw);
  const item = await store.get(fileKey(id, path));
  if (item === undefined) {
    throw new ApiProblem("FILE_NOT_FOUND", `there is no file ${shown(path)} in this workspace`, {
      path: "path",
    });
  }
  const file = FileRecord.parse(item);
  const { text, bytes } = await carryBlob(blobs, file.blob, "");
  return { ...fileView(file), content: text, ...(bytes === undefined ? {} : { truncated: true }) };
};

/** The agents' own rule for paths: what no tool could have written is refused, not looked for. */
const normalPath = (raw: string): string => {
  try {
    return workspacePath(raw);
  } catch {
    const detail = `path must be a relative path such as src/main.ts, without . or .. parts; got ${shown(raw)}`;
    throw new ApiProblem("INVALID_PATH", detail, { path: "path" });
  }
};

const fileView = ({ path, version, blob, by, at }: FileRecord): FileView => ({
  path,
  version,
  bytes: blob.bytes,
  by,
  at: timestamp(at),
});
