import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Kills the process groups of a host that died without a word. A child whose event loop turns sees
 * its standard input end; one that spins or sleeps in native code does not, and only another
 * process can end it.
 *
 *   R1. Reads group ids from a pipe that only the host holds; when the pipe ends, so do the groups.
 *   R2. Ignores every signal but SIGKILL: Ctrl-C reaches it too when the host is in the foreground.
 */
export class Reaper {
  readonly #shell: ChildProcess;

  /** `scratch` is removed at the end: nobody else is left to do it after `kill -9`. */
  constructor(scratch: string) {
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT, "bulkhead-reaper", scratch], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    });
    this.#shell.on("error", () => {}); // no shell: the children's own watch on standard input remains
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  watch(group: number): void {
    this.#shell.stdin?.write(`+ ${group}\n`);
  }

  forget(group: number): void {
    this.#shell.stdin?.write(`- ${group}\n`);
  }

  /** Ends whatever is still watched, removes the scratch folder, and is gone. */
  async stop(): Promise<void> {
    if (this.#shell.pid === undefined || this.#shell.exitCode !== null) return;
    const gone = once(this.#shell, "exit");
    this.#shell.ref();
    this.#shell.stdin?.end();
    await gone;
  }
}

const SCRIPT = `
trap '' INT TERM HUP QUIT PIPE
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
rm -rf -- "$1"
`;
