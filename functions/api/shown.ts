const SHOWN_CHARACTERS = 60;

/** A value as an error message may show it: its size or type, and of a text at most a piece. */
export const shown = (value: unknown): string => {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "number":
    case "boolean":
      return String(value);
    case "string":
      return value.length <= SHOWN_CHARACTERS
        ? quoted(value)
        : `${quoted(value.slice(0, 20))}… (${value.length} characters)`;
    default:
      return value === null ? "null" : Array.isArray(value) ? `a list of ${value.length}` : "an object";
  }
};

/** Quoted, with invisible and direction-changing characters spelled out, and at most 80 characters long. */
export const quoted = (text: string): string =>
  `"${text.replaceAll(/[\p{C}\p{Z}"\\]/gu, escaped).slice(0, 78)}"`;

const escaped = (character: string): string => {
  if (character === " ") return character;
  if (character === '"' || character === "\\") return `\\${character}`;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
};
