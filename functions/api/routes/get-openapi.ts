import type { ApiApp } from "../api-app.ts";

/** Generated from the routes at first use: a cold start does not pay for it. */
export const getOpenApi = (app: ApiApp): void => {
  app.openAPIRegistry.registerComponent("securitySchemes", "ApiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "Asked for by a deployed stack; the embedded host asks for none.",
  });
  let document: object | undefined;
  app.get("/openapi.json", (c) => {
    document ??= app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "Bulkhead",
        version: "0.1.0",
        description:
          "Teams of AI agents with nothing shared between them. Errors are `application/problem+json`; their `code` is stable. Times are ISO 8601 in UTC.",
        license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      },
      servers: [{ url: "/" }],
      security: [{}, { ApiKey: [] }],
    });
    return c.json(document);
  });
};
