import type { Item } from "../contracts/item.ts";
import { LIMITS } from "../contracts/limits.ts";
import type { ItemKey } from "../contracts/resources.ts";
import { TerminalError } from "../kernel/errors.ts";

/** An item's attributes as JSON, without its key. Refuses what DynamoDB would refuse for its size. */
export const encodeItem = (item: Item): string => {
  const { pk: _pk, sk: _sk, ...attributes } = item;
  const text = JSON.stringify(attributes);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.itemBytesMax) throw itemTooLarge(item, `${bytes} bytes`);
  return text;
};

export const decodeItem = (key: ItemKey, text: string): Item => ({
  pk: key.pk,
  sk: key.sk,
  ...JSON.parse(text),
});

export const itemTooLarge = (key: ItemKey, size: string, cause?: unknown): TerminalError =>
  new TerminalError(
    "Internal",
    `item ${key.pk} ${key.sk} would be too large (${size}, the limit is ${LIMITS.itemBytesMax}); large values belong in blobs`,
    { cause },
  );
