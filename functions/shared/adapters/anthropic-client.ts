import { BaseAnthropic } from "@anthropic-ai/sdk/client";

/** The headers that prove whose a request is: all that it has, with those of the proof. */
export type Signer = (request: RequestInit, url: string) => Promise<Readonly<Record<string, string>>>;

export interface ClientOptions {
  readonly baseUrl: string;
  readonly apiVersion: string;
  readonly timeoutMs: number;
}

/**
 * The SDK's transport without its resources: of 1.2 MB of client only a fifth is bundled. The
 * body goes through `post` and not through `Messages`, which warns on the console, parses the
 * stream itself and fails a whole turn over one malformed tool input.
 */
class SlimClient extends BaseAnthropic {}

/** Has no key: each request is signed when everything else of it is settled. */
class SignedClient extends BaseAnthropic {
  readonly #sign: Signer;

  constructor(options: ConstructorParameters<typeof BaseAnthropic>[0], sign: Signer) {
    super(options);
    this.#sign = sign;
  }

  protected override async prepareRequest(request: RequestInit, { url }: { url: string }): Promise<void> {
    request.headers = { ...(await this.#sign(request, url)) };
  }

  protected override async authHeaders(): Promise<undefined> {}

  protected override validateHeaders(): void {}

  /** Nobody else's key is looked for on this machine. */
  protected override _shouldResolveDefaultCredentials(): boolean {
    return false;
  }
}

/** A connection of one agent, with one key. It retries nothing, logs nothing and traces nothing. */
export const createSlimClient = (options: ClientOptions & { readonly key: string }): BaseAnthropic =>
  // The SDK sends it as `Authorization: Bearer`; given in code, it is the only credential looked at.
  new SlimClient({ ...transportOf(options), apiKey: options.key });

/** The same without a key, for a provider that knows its callers by their signatures. */
export const createSignedClient = (options: ClientOptions & { readonly sign: Signer }): BaseAnthropic =>
  new SignedClient({ ...transportOf(options), apiKey: null }, options.sign);

const transportOf = ({ baseUrl, apiVersion, timeoutMs }: ClientOptions) =>
  ({
    baseURL: baseUrl.replace(/\/+$/, ""),
    timeout: timeoutMs,
    maxRetries: 0,
    logLevel: "off",
    openTelemetry: false,
    defaultHeaders: { "anthropic-version": apiVersion },
    // A redirect would carry prompt and key to a host that nobody configured.
    fetchOptions: { redirect: "manual" },
  }) as const;
