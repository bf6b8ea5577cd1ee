import { clip, type Paint } from "./paint.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Clipped to what the others leave; the only one that may hold wide characters. At most one. */
  readonly flexible?: boolean;
}

export interface Cell {
  readonly text: string;
  /** Adds colour to the text after it was measured and clipped. */
  readonly colour?: (text: string) => string;
}

const GAP = 2;
const FLEXIBLE_MIN = 8;

export interface TableOptions {
  /** No line is wider; may be infinite. */
  readonly columns: number;
  readonly paint: Paint;
  /** The flexible column takes all that is left, so that a table drawn anew stands still. */
  readonly fill?: boolean;
}

/** A dim header and the rows. */
export const tableLines = (
  table: readonly Column[],
  rows: ReadonlyArray<readonly (Cell | string)[]>,
  options: TableOptions,
): string[] => {
  const { columns, paint } = options;
  const cells = rows.map((row) =>
    row.map((cell): Cell => (typeof cell === "string" ? { text: cell } : cell)),
  );
  const widths = widthsOf(table, cells, options);
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
  { columns, fill = false }: TableOptions,
): number[] => {
  const natural = table.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)),
  );
  const total = natural.reduce((sum, width) => sum + width + GAP, -GAP);
  return natural.map((width, i) => {
    if (table[i]?.flexible !== true) return width;
    const left = Math.max(FLEXIBLE_MIN, width - (total - columns));
    return fill && Number.isFinite(left) ? left : Math.min(width, left);
  });
};
