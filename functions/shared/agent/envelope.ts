/** Text in which no envelope ends: `</task>` becomes `<\/task>`. Whoever's words it holds, they end where we say. */
export const enclosed = (text: string): string => text.replaceAll(ENVELOPE_END, "<\\/");

const ENVELOPE_END = /<\s*\/(?=\s*(?:task|context|artifacts|notes|untrusted)\b)/gi;
