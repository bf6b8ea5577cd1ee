import type { Item } from "../../../functions/shared/contracts/item.ts";
import type { Reservation } from "../../../functions/shared/contracts/permit.ts";

interface Stop {
  readonly at: number;
  readonly cause: string;
}

export const stopsOf = (
  permit: Item | undefined,
): { readonly stopped: Stop | undefined; readonly stops: Readonly<Record<string, Stop>> } => ({
  stopped: permit?.["stopped"] as Stop | undefined,
  stops: (permit?.["stops"] ?? {}) as Record<string, Stop>,
});

export const openOf = (permit: Item | undefined): Readonly<Record<string, Reservation>> =>
  (permit?.["open"] ?? {}) as Record<string, Reservation>;

/** `<epoch>.<turn>.<attempt>` */
export const partsOf = (
  reservationId: string,
): { readonly epoch: number; readonly turn: number; readonly attempt: number } => {
  const [epoch = 0, turn = 0, attempt = 0] = reservationId.split(".").map(Number);
  return { epoch, turn, attempt };
};
