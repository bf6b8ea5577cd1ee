/** Where log lines go. What was concealed does not leave, whoever tries: the second line behind not logging it. */
export interface Output {
  write(line: string): void;
  /** From now on this text is written as `[concealed]`. */
  conceal(secret: string): void;
}

/** Shorter ones would blot out innocent text, and are no secrets. */
const SECRET_CHARACTERS_MIN = 8;

export const createOutput = (
  emit: (text: string) => void = (text) => {
    process.stdout.write(text);
  },
): Output => {
  const secrets = new Set<string>();
  return {
    write: (line) => {
      let text = line;
      for (const secret of secrets) text = text.replaceAll(secret, "[concealed]");
      emit(`${text}\n`);
    },
    conceal: (secret) => {
      if (secret.length < SECRET_CHARACTERS_MIN) return;
      secrets.add(secret);
      // Lines are JSON, in which some characters look different.
      secrets.add(JSON.stringify(secret).slice(1, -1));
    },
  };
};

/** The same secret, concealed before anybody else sees it. */
export const concealed =
  (read: () => Promise<string>, output: Output): (() => Promise<string>) =>
  async () => {
    const secret = await read();
    output.conceal(secret);
    return secret;
  };
