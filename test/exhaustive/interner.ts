/** Numbers for values, so that a world is a handful of numbers and equal values are one. */
export class Interner<Value> {
  readonly #ids = new Map<string, number>();
  readonly #values: Value[] = [];

  /** `key` tells values apart; by default everything about them does. */
  idOf(value: Value, key = JSON.stringify(value)): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#ids.set(key, id);
    this.#values.push(value);
    return id;
  }

  get size(): number {
    return this.#values.length;
  }

  valueOf(id: number): Value {
    const value = this.#values[id];
    if (value === undefined) throw new RangeError(`no value ${id}`);
    return value;
  }
}
