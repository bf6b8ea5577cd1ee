import { createSecretReader, fixedSecret } from "../adapters/secrets.ts";
import { systemClock } from "../adapters/system-clock.ts";
import type { SecretConfig } from "../kernel/config.ts";
import { concealed, type Output } from "./output.ts";

/** A secret's reader, whose text no log line of this function can hold. */
export const wireSecret = (config: SecretConfig, output: Output): (() => Promise<string>) =>
  concealed(
    config.kind === "fixed"
      ? fixedSecret(config.text, config.variable)
      : createSecretReader({ secretId: config.secretId, clock: systemClock }),
    output,
  );
