import { createCoordinatorHandler } from "../shared/entry/coordinator-handler.ts";
import { createReconciler } from "./reconcile.ts";

export const handler = createCoordinatorHandler(createReconciler);
