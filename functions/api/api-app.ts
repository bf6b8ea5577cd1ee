import type { OpenAPIHono } from "@hono/zod-openapi";
import type { RequestContext } from "./caller.ts";

export interface ApiEnv {
  Bindings: { readonly requestContext?: RequestContext };
  Variables: { readonly tenant: string; readonly requestId: string };
}

export type ApiApp = OpenAPIHono<ApiEnv>;
