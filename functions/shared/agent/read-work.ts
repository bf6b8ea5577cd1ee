import type { TaskId } from "../contracts/ids.ts";
import { Work } from "../contracts/messages.ts";
import { parsedJson } from "../kernel/parsed-json.ts";

export type ReadWork =
  | { readonly kind: "work"; readonly taskId: TaskId }
  | { readonly kind: "unreadable"; readonly code: "NOT_JSON" | "UNKNOWN_MESSAGE" };

/** What a message on an agent's queue asks for; never throws. */
export const readWork = (body: string): ReadWork => {
  const json = parsedJson(body);
  if (json === undefined) return { kind: "unreadable", code: "NOT_JSON" };
  const work = Work.safeParse(json);
  return work.success ? work.data : { kind: "unreadable", code: "UNKNOWN_MESSAGE" };
};
