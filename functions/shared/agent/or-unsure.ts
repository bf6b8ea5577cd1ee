import { RetryableError } from "../kernel/errors.ts";
import type { Written } from "../ports/store.ts";

/**
 * A conditional write that failed on its way may have been applied: to its writer that is the same
 * as a refusal, which proves nothing either until the item was read again.
 */
export const orUnsure = async (write: Promise<Written>): Promise<Written | "unsure"> => {
  try {
    return await write;
  } catch (error) {
    if (error instanceof RetryableError) return "unsure";
    throw error;
  }
};
