/** What a line of Markdown begins with: quote marks, white space, a list's mark. */
const LEAD = /^((?:\s*>)*)(\s*(?:(?:[-*+]|\d+[.)])\s+)?)/;
/** Lines that are not part of a paragraph: headings, tables, rules. */
const STANDS_ALONE = /^(#{1,6}\s|\||-{3,}$|\*{3,}$)/;
/** Below this, wrapping makes a column of words. */
const COLUMNS_MIN = 20;

interface Paragraph {
  /** Before the first line, and before those under it. */
  readonly lead: string;
  readonly hanging: string;
  readonly lines: string[];
}

/**
 * Breaks Markdown's long paragraphs anew between words, each line under the beginning of its own
 * text: a quoted list item stays quoted and indented. Paragraphs that fit, code blocks, tables, and
 * words longer than a line stay as they are.
 */
export const wrapProse = (text: string, columns: number): string => {
  if (columns < COLUMNS_MIN || !Number.isFinite(columns)) return text;
  return paragraphsOf(text)
    .flatMap((paragraph) => wrapParagraph(paragraph, columns))
    .join("\n");
};

const paragraphsOf = (text: string): Paragraph[] => {
  const paragraphs: Paragraph[] = [];
  let isCode = false;
  let open: Paragraph | undefined;
  for (const line of text.split("\n")) {
    const [lead = "", quote = "", rest = ""] = LEAD.exec(line) ?? [];
    const words = line.slice(lead.length);
    const isFence = words.startsWith("```");
    if (isFence || isCode || words === "" || STANDS_ALONE.test(words)) {
      if (isFence) isCode = !isCode;
      open = undefined;
      // No paragraph's beginning, so that it is never broken.
      paragraphs.push({ lead: line, hanging: "", lines: [] });
    } else if (open !== undefined && open.hanging === lead) {
      open.lines.push(words);
    } else {
      open = { lead, hanging: quote + " ".repeat(rest.length), lines: [words] };
      paragraphs.push(open);
    }
  }
  return paragraphs;
};

const wrapParagraph = ({ lead, hanging, lines }: Paragraph, columns: number): string[] => {
  const before = (i: number): string => (i === 0 ? lead : hanging);
  const asTheyAre = lines.length === 0 ? [lead] : lines.map((line, i) => before(i) + line);
  if (lines.length === 0 || asTheyAre.every((line) => line.length <= columns)) return asTheyAre;
  const wrapped: string[] = [];
  let current = "";
  for (const word of lines.join(" ").split(/ +/)) {
    if (current !== "" && lead.length + current.length + 1 + word.length > columns) {
      wrapped.push(current);
      current = word;
    } else current += current === "" ? word : ` ${word}`;
  }
  return [...wrapped, current].map((line, i) => before(i) + line);
};
