import { handle } from "hono/aws-lambda";
import { createApiHandler } from "../shared/entry/api-handler.ts";
import { createApp } from "./app.ts";

export const handler = createApiHandler((ports) => handle(createApp(ports)));
