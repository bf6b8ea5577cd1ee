/** What a line of Markdown begins with: quote marks, white space, a list's mark. */
const LEAD = /^(?<quote>(?:\s*>)*)(?<rest>\s*(?:(?:[-*+]|\d+[.)])\s+)?)/;
/** Below this, wrapping makes a column of words. */
const COLUMNS_MIN = 20;

/**
 * Breaks long lines between words, under the beginning of their own text: a quoted list item stays
 * quoted and indented. Lines of code blocks, and words longer than a line, stay as they are.
 */
export const wrapProse = (text: string, columns: number): string => {
  if (columns < COLUMNS_MIN || !Number.isFinite(columns)) return text;
  let isCode = false;
  return text
    .split("\n")
    .map((line) => {
      if (/^[\s>]*```/.test(line)) isCode = !isCode;
      return isCode || line.length <= columns ? line : wrapLine(line, columns);
    })
    .join("\n");
};

const wrapLine = (line: string, columns: number): string => {
  const { quote = "", rest = "" } = LEAD.exec(line)?.groups ?? {};
  const lead = quote + rest;
  const hanging = quote + " ".repeat(rest.length);
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(/ +/)) {
    const isFirst = current === lead || current === hanging;
    if (!isFirst && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = hanging + word;
    } else current += isFirst ? word : ` ${word}`;
  }
  return [...lines, current].join("\n");
};
