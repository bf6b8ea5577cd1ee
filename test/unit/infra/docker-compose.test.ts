import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const compose = readFileSync(new URL("../../../docker-compose.yml", import.meta.url), "utf8");
/** The lines of one service, without what follows it. */
const service = (name: string): string =>
  new RegExp(`^  ${name}:\\n((?:    .*\\n|\\n)+)`, "m").exec(compose)?.[1] ?? "";
const one = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? "";
const command = one(service("model-server"), /^ {4}command: (.+)$/m).split(" ");
const optionOf = (name: string): string => command[command.indexOf(name) + 1] ?? "";

test("LocalStack's token comes from the environment, and who has none is told what to do", () => {
  const token = /LOCALSTACK_AUTH_TOKEN: "\$\{LOCALSTACK_AUTH_TOKEN:\?([^}]+)\}"/.exec(service("localstack"));
  expect(token?.[1]).toMatch(/set LOCALSTACK_AUTH_TOKEN to .*npm run test:ministack/);
  // Any other variable would be silently empty.
  expect(compose.match(/\$\{?\w+/g)).toEqual(["${LOCALSTACK_AUTH_TOKEN"]);
});

test("functions find the model server where deploy:local says that it is", () => {
  const deployLocal = readFileSync(new URL("../../../infra/aws/deploy-local.ts", import.meta.url), "utf8");
  expect(deployLocal).toContain(`"http://model-server:${optionOf("--port")}"`);
  expect(optionOf("--host")).toBe("0.0.0.0");
  const network = one(service("localstack"), /LAMBDA_DOCKER_NETWORK: (\S+)/);
  expect(compose).toMatch(new RegExp(`^networks:\\n  ${network}:\\n    name: ${network}$`, "m"));
  for (const name of ["localstack", "model-server"])
    expect(service(name)).toContain(`networks: [${network}]`);
});

test("nothing is published beyond this machine", () => {
  const published = [...compose.matchAll(/^ +- "([\d.:]+)"$/gm)].map(([, port]) => port);
  expect(published).toEqual(["127.0.0.1:4566:4566"]);
});

test("the model server's command is one that its main understands", { timeout: 20_000 }, async () => {
  const [, ...args] = command;
  const here = args.map((arg) => ({ "4180": "0", "0.0.0.0": "127.0.0.1" })[arg] ?? arg);
  const child = spawn(process.execPath, here, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  expect(line.toString()).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+\n$/);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});
