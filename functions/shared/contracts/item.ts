import type { ItemKey } from "./resources.ts";

/** What an attribute may hold: JSON without `null` at the top level, so that "missing" has one meaning. */
export type Attribute = string | number | boolean | null | Attribute[] | { [name: string]: Attribute };

/** One item of the table: its key and named attributes. */
export type Item = ItemKey & { readonly [attribute: string]: unknown };
