import { z } from "zod";

/** A blob: immutable, content-addressed as `blobs/<executionId>/<sha256>`. */
export const BlobRef = z.object({
  ref: z.string().min(1).max(200),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BlobRef = z.infer<typeof BlobRef>;

/** Text of any size: inline when small, otherwise a blob with the first characters as a preview. */
export const Value = z.union([
  z.object({ inline: z.string() }),
  BlobRef.extend({ preview: z.string().max(1024) }),
]);
export type Value = z.infer<typeof Value>;

/** The first `bytesMax` bytes of a text as UTF-8, never ending inside a character. */
export const previewOf = (text: string, bytesMax: number): string => {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += bytesOfCharacter(character);
    if (bytes > bytesMax) return text.slice(0, end);
    end += character.length;
  }
  return text;
};

/** How many bytes a text has as UTF-8; a lone surrogate counts as the three of what stands for it. */
export const utf8Bytes = (text: string): number => {
  let bytes = 0;
  for (const character of text) bytes += bytesOfCharacter(character);
  return bytes;
};

const bytesOfCharacter = (character: string): number => {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
};

/** What can be shown of a value without fetching its blob. */
export const valuePreview = (value: Value, bytesMax: number): string =>
  previewOf("inline" in value ? value.inline : value.preview, bytesMax);
