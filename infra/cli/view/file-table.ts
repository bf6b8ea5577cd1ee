import type { FileView } from "../../../functions/shared/contracts/api.ts";
import type { Output } from "../context.ts";
import { bytesText } from "./format.ts";
import { columnsOf, paintFor } from "./paint.ts";
import { oneLine } from "./safe-text.ts";
import { tableLines } from "./table.ts";

/** A workspace, one line per file. */
export const fileLines = (files: readonly FileView[], stream: Output): string[] =>
  tableLines(
    [
      { title: "size", align: "right" },
      { title: "version", align: "right" },
      { title: "by" },
      { title: "path", flexible: true },
    ],
    files.map(({ bytes, version, by, path }) => [bytesText(bytes), String(version), by, oneLine(path)]),
    { columns: columnsOf(stream), paint: paintFor(stream) },
  );
