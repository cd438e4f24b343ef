/**
 * Small files that are replaced whole: written beside, made durable, renamed
 * over the old one, and the directory made durable. After a power cut at any
 * point the name holds the old bytes or the new ones.
 *
 * A temporary file that a crash left behind is ignored by every reader and
 * removed by `removeStaleTemporaries`.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf, toFileFault, withFileFaults } from "./file-faults.ts";
import { syncDirectoryNow } from "./node-store.ts";

const temporaryPattern = /^\..+\.\d+-\d+\.tmp$/;
const fileMode = 0o600;
let temporaryCount = 0;

/** Blocking. The file is 0600 unless said otherwise. @throws FileFault; then the old file is as it was */
export function replaceFileNow(path: string, bytes: Uint8Array, mode = fileMode): void {
  const temporary = temporaryFor(path);
  try {
    const fd = withFileFaults("write", path, () => openSync(temporary, "wx", mode));
    try {
      withFileFaults("write", path, () => {
        fchmodSync(fd, mode);
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      });
      withFileFaults("sync", path, () => fsyncSync(fd));
    } finally {
      closeSync(fd);
    }
    withFileFaults("rename", path, () => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectoryNow(dirname(path));
}

/** The same without blocking. Calls for one path must follow one another. */
export async function replaceFile(path: string, bytes: Uint8Array, mode = fileMode): Promise<void> {
  const temporary = temporaryFor(path);
  let step = "write";
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(bytes);
      step = "sync";
      await file.sync();
    } finally {
      await file.close();
    }
    step = "rename";
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw toFileFault(error, step, path);
  }
  await syncDirectory(dirname(path));
}

/** Removes what crashed replacements left. Only for who holds the directory's lock. */
export function removeStaleTemporaries(directory: string): void {
  for (const name of namesIn(directory)) {
    if (isTemporary(name)) rmSync(join(directory, name), { force: true });
  }
}

export function isTemporary(name: string): boolean {
  return temporaryPattern.test(name);
}

function temporaryFor(path: string): string {
  temporaryCount++;
  return join(dirname(path), `.${basename(path)}.${process.pid}-${temporaryCount}.tmp`);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw toFileFault(error, "list", directory);
  }
}

async function syncDirectory(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    await file.sync();
  } catch (error) {
    throw toFileFault(error, "syncDirectory", path);
  } finally {
    await file?.close();
  }
}
