import { clip, type Paint } from "./paint.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Takes what the others leave, and is clipped to it; the only one that may hold wide characters. */
  readonly flexible?: boolean;
}

export interface Cell {
  readonly text: string;
  /** Adds colour to the text after it was measured and clipped. */
  readonly colour?: (text: string) => string;
}

const GAP = 2;
const FLEXIBLE_MIN = 8;

/** A dim header and the rows. No line is wider than `columns`, which may be infinite. */
export const tableLines = (
  table: readonly Column[],
  rows: ReadonlyArray<readonly (Cell | string)[]>,
  { columns, paint }: { columns: number; paint: Paint },
): string[] => {
  const cells = rows.map((row) =>
    row.map((cell): Cell => (typeof cell === "string" ? { text: cell } : cell)),
  );
  const widths = widthsOf(table, cells, columns);
  const line = (row: readonly Cell[]): string => {
    const parts = table.map((column, i) => {
      const { text = "", colour = (bare: string) => bare } = row[i] ?? {};
      const width = widths[i] ?? 0;
      const clipped = column.flexible === true ? clip(text, width) : text;
      const pad = " ".repeat(Math.max(0, width - clipped.length));
      return column.align === "right" ? pad + colour(clipped) : colour(clipped) + pad;
    });
    return clip(parts.join(" ".repeat(GAP)).trimEnd(), columns);
  };
  const header = table.map(({ title }): Cell => ({ text: title, colour: (text) => paint("dim", text) }));
  return [line(header), ...cells.map(line)];
};

const widthsOf = (
  table: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  columns: number,
): number[] => {
  const natural = table.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)),
  );
  const total = natural.reduce((sum, width) => sum + width + GAP, -GAP);
  return natural.map((width, i) =>
    table[i]?.flexible === true ? Math.min(width, Math.max(FLEXIBLE_MIN, width - (total - columns))) : width,
  );
};
