import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** A copy of the repository that a test may change: the host bundles it like the original. */
export class RepositoryCopy {
  readonly root = mkdtempSync(join(tmpdir(), "bulkhead-copy-"));

  constructor() {
    cpSync("functions", join(this.root, "functions"), { recursive: true });
    cpSync("package.json", join(this.root, "package.json"));
    symlinkSync(resolve("node_modules"), join(this.root, "node_modules"));
  }

  write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
