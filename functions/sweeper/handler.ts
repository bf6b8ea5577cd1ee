import { createSweeperHandler } from "../shared/entry/sweeper-handler.ts";
import { sweep } from "./sweep.ts";

export const handler = createSweeperHandler(sweep);
