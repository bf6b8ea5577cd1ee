import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";

/**
 * Leaves out what no function of ours reaches, and esbuild cannot know of. A cold start reads every
 * byte of a bundle, so that half of it is half a cold start.
 *
 *   S1. A function's credentials are in its environment, as Lambda and the local host put them there:
 *       profiles, single sign-on, web identities, containers and instance metadata are for people's machines.
 *   S2. Nothing runs in a browser, so that no browser is recognised.
 *   S3. The provider's SDK is transport only; its tools that an agent could run by itself are not ours.
 *       The key comes in code, so that no chain of credentials is followed; tracing is off, and its steps do nothing;
 *       no request of ours has a query.
 *   S4. No operation of ours answers with a stream of events, and DynamoDB's endpoint is discovered
 *       only where somebody asks for it.
 *   S5. Node hashes. The SDK's own implementations are for engines that cannot.
 *   S6. What a tool server answers is judged by no schema, so that none is compiled.
 *   S7. Retries are the SDK's standard ones: nothing asks for those that adapt their rate.
 *
 * What is left out is an empty module: whoever calls it after all fails at once, and by name.
 * Where the SDK does call it, while a client is made, a stand-in does nothing.
 *
 * The other half is only written so that esbuild can leave it out by itself; it means the same:
 *
 *   W1. Of `z`, an object, all is kept; of a namespace only what is named. All of zod's languages go with it.
 *   W2. A computed key may have effects as far as esbuild knows. The AWS clients describe each of
 *       their hundreds of shapes with such keys, and all of them are constants of the same file.
 *   W3. Of a client's package.json nothing but the version is read.
 *   W4. Errors are told apart by their names, which they keep without a class of their own. A class that says
 *       more stays: that it may be tried again, or by what name an adapter knows what SQS calls otherwise.
 */
export const slimBundle: Plugin = {
  name: "slim-bundle",
  setup: (build) => {
    build.onResolve({ filter: LEFT_OUT }, ({ path }) => ({
      // By its ending esbuild would take it for a module of the one kind or the other.
      path: path.replaceAll(/[^\w-]+/g, "_"),
      namespace: "left-out",
      pluginData: STAND_INS[path],
    }));
    build.onLoad({ filter: /./, namespace: "left-out" }, ({ pluginData: standIn }) => ({
      contents: (standIn as string | undefined) ?? "module.exports = {};",
    }));
    build.onLoad({ filter: /[\\/]@anthropic-ai[\\/]sdk[\\/]internal[\\/]tracing\.mjs$/ }, ({ path }) => ({
      contents: withoutTracing(readFileSync(path, "utf8")),
    }));
    build.onLoad({ filter: /[\\/]functions[\\/].*\.ts$/ }, ({ path }) => ({
      contents: withNamespace(readFileSync(path, "utf8")),
      loader: "ts",
    }));
    build.onLoad({ filter: /[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, ({ path }) => ({
      contents: withPlainKeys(withoutErrorClasses(readFileSync(path, "utf8"))),
    }));
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, ({ path }) => ({
      contents: versionOnly(readFileSync(path, "utf8")),
      loader: "json",
    }));
  },
};

const LEFT_OUT = new RegExp(
  [
    /^@aws-sdk\/credential-provider(-(http|ini|login|process|sso|web-identity)|s)$/,
    /^@aws-sdk\/(nested-clients|token-providers)\b/,
    /^@smithy\/credential-provider-imds$/,
    /^bowser$/,
    /\/tools\/agent-toolset\//,
    /^\.\/lib\/credentials\/credential-chain\.mjs$/,
    /^@opentelemetry\/api$/,
    /^\.\/tracing\/streaming\.mjs$/,
    /^\.\.\/qs\/stringify\.mjs$/,
    /^@smithy\/core\/event-streams$/,
    /^@aws-sdk\/endpoint-cache$/,
    /^\.\/(Md5|Sha1|Sha256)Js$/,
    /^\.\.\/util-retry\/AdaptiveRetryStrategy$/,
    /^@modelcontextprotocol\/client\/_shims$/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

const STAND_INS: Readonly<Record<string, string>> = {
  "@modelcontextprotocol/client/_shims":
    "export const CORS_IS_POSSIBLE = false; export class DefaultJsonSchemaValidator {}",
  "@aws-sdk/endpoint-cache": "export class EndpointCache {}",
  "@smithy/core/event-streams":
    "export const resolveEventStreamSerdeConfig = (config) => config; export const eventStreamSerdeProvider = undefined;",
};

/** The provider's SDK's own module, as it is when tracing is off: its steps are taken, and none of them does anything. */
const withoutTracing = (source: string): string => {
  const off = `export const resolveOpenTelemetryOptions = () => ({ propagation: false, traces: { enabled: false } });
export const guardTracing = (_client, step) => step();
const nothing = () => {};`;
  const names = [...source.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const others = names.filter((name) => !off.includes(` ${name} `));
  return `${off}\nexport { ${others.map((name) => `nothing as ${name}`).join(", ")} };`;
};

const withNamespace = (source: string): string =>
  source.replace(/^import \{ z \} from "zod";$/m, 'import * as z from "zod";');

const withPlainKeys = (source: string): string => {
  const constants = new Map(
    [...source.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source.replace(/([{,]\s*)\[(\w+)\]:/g, (all, before, name) =>
    constants.has(name) ? `${before}${constants.get(name)}:` : all,
  );
};

const withoutErrorClasses = (source: string): string =>
  source.replace(/^n0_registry\.registerError\((\w+)\$, \1\);$/gm, (all, name) =>
    KEPT_CLASSES.has(name) ? all : "",
  );

/** Of DynamoDB the first, of SQS the others. */
const KEPT_CLASSES: ReadonlySet<string> = new Set([
  "ReplicatedWriteConflictException",
  "MessageNotInflight",
  "ReceiptHandleIsInvalid",
  "QueueDoesNotExist",
]);

const versionOnly = (source: string): string =>
  JSON.stringify({ version: (JSON.parse(source) as { readonly version: string }).version });
