/**
 * The text of a page, in the order of its source: a line per block, list items with a dash, links with
 * their addresses, headings with a mark, and nothing of scripts, styles and pictures. Reads what is broken
 * as it can; every character is looked at once, so that no page takes long.
 */
export const htmlText = (html: string): string => {
  const text = new PageText();
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    text.add(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      at = after(html, "-->", open + 4);
      continue;
    }
    const [tag = "", slash, name] = TAG.exec(html.slice(open, open + TAG_NAME_MAX)) ?? [];
    if (name === undefined) {
      // A doctype, or a "<" that is only itself.
      const isMarkup = /^<[!?/]/.test(html.slice(open, open + 2));
      if (!isMarkup) text.add("<");
      at = isMarkup ? after(html, ">", open) : open + 1;
      continue;
    }
    const end = endOfTag(html, open + tag.length);
    const element = name.toLowerCase();
    if (slash === "/") text.close(element);
    else text.open(element, html.slice(open + tag.length, end));
    at = end + 1;
    if (slash !== "/" && UNSEEN.has(element)) at = endOfUnseen(html, at, element);
  }
  if (at < html.length) text.add(html.slice(at));
  return text.toString();
};

const TAG = /^<(\/?)([a-z][a-z0-9]*)/i;
const TAG_NAME_MAX = 32;
const UNSEEN = new Set(["script", "style", "noscript", "template", "svg", "iframe", "object", "textarea"]);
/** What begins and ends a line of its own, and what stands apart from its neighbours besides. */
const LINES = new Set("body br dd div dt figcaption form li option summary tr title".split(" "));
const APART = new Set(
  "address article aside blockquote details dl fieldset figure footer h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul".split(
    " ",
  ),
);

class PageText {
  readonly #parts: string[] = [];
  readonly #links: string[] = [];
  #preformatted = 0;
  /** How many line ends there are at the end; none are wanted at the beginning. */
  #breaks = 2;

  add(source: string): void {
    const text = decoded(source);
    const flowing = text.replaceAll(/\s+/g, " ");
    if (this.#preformatted > 0) this.#push(text);
    else this.#push(this.#breaks > 0 ? flowing.trimStart() : flowing);
  }

  open(element: string, attributes: string): void {
    this.#break(element);
    if (element === "li") this.#push("- ");
    if (/^h[1-6]$/.test(element)) this.#push(`${"#".repeat(Number(element[1]))} `);
    if (element === "td" || element === "th") this.#push("| ");
    if (element === "pre") this.#preformatted += 1;
    if (element === "a") this.#links.push(hrefOf(attributes));
  }

  close(element: string): void {
    if (element === "a") {
      const href = this.#links.pop() ?? "";
      if (href !== "") this.#push(` (${href})`);
    }
    if (element === "td" || element === "th") this.#push(" ");
    if (element === "pre") this.#preformatted = Math.max(0, this.#preformatted - 1);
    this.#break(element);
  }

  toString(): string {
    const lines = this.#parts.join("").split("\n");
    return lines
      .map((line) => line.trimEnd())
      .join("\n")
      .replaceAll(/\n{3,}/g, "\n\n")
      .trim();
  }

  #break(element: string): void {
    const wanted = APART.has(element) ? 2 : LINES.has(element) ? 1 : 0;
    while (this.#breaks < wanted) {
      this.#parts.push("\n");
      this.#breaks += 1;
    }
  }

  #push(text: string): void {
    if (text === "") return;
    this.#parts.push(text);
    this.#breaks = text.endsWith("\n") ? 1 : 0;
  }
}

/** Only what can be followed: no fragment of the page itself, and no script. */
const hrefOf = (attributes: string): string => {
  const [, quoted, single, bare] = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i.exec(attributes) ?? [];
  const href = decoded(quoted ?? single ?? bare ?? "").trim();
  return href.startsWith("#") || /^[a-z]+:(?!\/\/)/i.test(href) ? "" : href;
};

const after = (html: string, mark: string, from: number): number => {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
};

/** Where the `>` of a tag is that stands in none of its quoted values. */
const endOfTag = (html: string, from: number): number => {
  let quote = "";
  for (let at = from; at < html.length; at++) {
    const character = html[at] ?? "";
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === ">") return at;
    else if ((character === '"' || character === "'") && html[at - 1] === "=") quote = character;
  }
  return html.length;
};

const endOfUnseen = (html: string, from: number, element: string): number => {
  const close = new RegExp(`</${element}[\\s/>]`, "gi");
  close.lastIndex = from;
  const found = close.exec(html);
  return found === null ? html.length : after(html, ">", found.index);
};

const decoded = (text: string): string =>
  text.includes("&")
    ? text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi, (all, decimal, hex, name) => {
        if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? all;
        const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
      })
    : text;

const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
  ["ndash", "–"],
  ["mdash", "—"],
  ["hellip", "…"],
  ["lsquo", "‘"],
  ["rsquo", "’"],
  ["ldquo", "“"],
  ["rdquo", "”"],
  ["middot", "·"],
  ["bull", "•"],
  ["copy", "©"],
  ["reg", "®"],
  ["trade", "™"],
  ["times", "×"],
  ["rarr", "→"],
  ["larr", "←"],
  ["shy", ""],
]);
