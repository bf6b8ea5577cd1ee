import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";

/**
 * Leaves out what no function of ours reaches, and esbuild cannot know of. A cold start reads every
 * byte of a bundle, so that half of it is half a cold start.
 *
 *   S1. A function's credentials are in its environment, as Lambda and the local host put them there:
 *       profiles, single sign-on, web identities and instance metadata are for people's machines.
 *   S2. Nothing runs in a browser, so that no browser is recognised.
 *   S3. The provider's SDK is transport only; its tools that an agent could run by itself are not ours.
 *
 * What is left out is an empty module: whoever calls it after all fails at once, and by name.
 */
export const slimBundle: Plugin = {
  name: "slim-bundle",
  setup: (build) => {
    build.onResolve({ filter: LEFT_OUT }, ({ path }) => ({
      path: path.replaceAll(/[^\w-]+/g, "_"),
      namespace: "left-out",
    }));
    build.onLoad({ filter: /./, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
    // Of `z`, an object, all is kept; of a namespace only what is named. All of zod's languages go with it.
    build.onLoad({ filter: /[\\/]functions[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        /^import \{ z \} from "zod";$/m,
        'import * as z from "zod";',
      ),
      loader: "ts",
    }));
  },
};

const LEFT_OUT =
  /^@aws-sdk\/credential-provider-(ini|login|process|sso|web-identity)$|^@aws-sdk\/(nested-clients|token-providers)\b|^@smithy\/credential-provider-imds$|^bowser$|\/tools\/agent-toolset\//;
