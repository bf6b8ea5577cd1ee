const LINES_KEPT = 40;

/** What happened, in order: a hash of everything, the last lines, and every line when it is to be printed. */
export class Trace {
  #hash = 0x811c9dc5;
  #hash2 = 0x01234567;
  #count = 0;
  readonly #last: string[] = [];
  readonly #print: ((line: string) => void) | undefined;
  readonly #startedAt: number;

  constructor(startedAt: number, print?: (line: string) => void) {
    this.#startedAt = startedAt;
    this.#print = print;
  }

  note(now: number, who: string, what: string): void {
    this.#count += 1;
    this.#mix(now);
    for (let index = 0; index < who.length; index++) this.#mix(who.charCodeAt(index));
    for (let index = 0; index < what.length; index++) this.#mix(what.charCodeAt(index));
    const line = `${((now - this.#startedAt) / 1000).toFixed(3)} ${who} ${what}`;
    this.#last[(this.#count - 1) % LINES_KEPT] = line;
    this.#print?.(line);
  }

  get lines(): number {
    return this.#count;
  }

  hash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
    return `${hex(this.#hash)}${hex(this.#hash2)}`;
  }

  last(): string[] {
    const from = this.#count % LINES_KEPT;
    return this.#count < LINES_KEPT
      ? [...this.#last]
      : [...this.#last.slice(from), ...this.#last.slice(0, from)];
  }

  #mix(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, 0x01000193);
    this.#hash2 = Math.imul(this.#hash2 + (word | 0) + 0x9e3779b9, 0x85ebca6b) ^ (this.#hash2 >>> 13);
  }
}
