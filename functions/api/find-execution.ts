import type { ExecutionId } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { stateKey } from "../shared/contracts/resources.ts";
import { decodeState, type StoredExecution } from "../shared/contracts/stored-execution.ts";
import type { Store } from "../shared/ports/store.ts";
import { ApiProblem } from "./problems.ts";

/** The caller's execution. One that is unknown and one of another tenant are the same 404. */
export const findExecution = async (
  store: Pick<Store, "get">,
  tenant: string,
  id: ExecutionId,
): Promise<StoredExecution> => readExecution(await findStateItem(store, tenant, id), id);

/** The same without reading what is in it: for polls that look at one attribute. */
export const findStateItem = async (
  store: Pick<Store, "get">,
  tenant: string,
  id: ExecutionId,
): Promise<Item> => ownItem(await store.get(stateKey(id)), tenant, id);

export const ownItem = (item: Item | undefined, tenant: string, id: ExecutionId): Item => {
  if (item !== undefined && item["tenant"] === tenant) return item;
  throw new ApiProblem("EXECUTION_NOT_FOUND", `there is no execution ${id}`);
};

export const readExecution = (item: Item, id: ExecutionId): StoredExecution => {
  const decoded = decodeState(item);
  if (decoded.ok) return decoded.stored;
  // The coordinator ends such an execution as StateUnreadable at its next look (P16).
  throw new ApiProblem("STATE_UNREADABLE", `the stored state of ${id} is not of a version known here`);
};
