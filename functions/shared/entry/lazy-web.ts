import type { Web } from "../ports/web.ts";

/** Of use to agents that have `web_fetch`, and loaded by the first call of it. */
export const lazyWeb: Web = {
  get: async (url, options) => {
    const { createWebClient } = await import("../adapters/web-client.ts");
    return await createWebClient().get(url, options);
  },
};
