/**
 * Fetches the pinned sources into the cache: through apt's own downloader, from
 * the mirrors that apt is configured with, so that proxies and keys are apt's.
 * What does not have the pinned hash is never unpacked.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { BuildError, MissingError, run } from "./run.ts";
import type { SourcePackage } from "./sources.ts";

const aptHelper = "/usr/lib/apt/apt-helper";

/** The folder with the unpacked sources of a package. */
export async function fetchSource(cache: string, source: SourcePackage): Promise<string> {
  const unpacked = join(cache, "src", source.folder);
  if (existsSync(join(unpacked, ".complete"))) return unpacked;
  const archive = await fetchArchive(cache, source);
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(join(cache, "src"), { recursive: true });
  await run("tar", ["-xf", archive, "-C", join(cache, "src"), "--no-same-owner"]);
  await run("touch", [join(unpacked, ".complete")]);
  return unpacked;
}

async function fetchArchive(cache: string, source: SourcePackage): Promise<string> {
  const archive = join(cache, "archives", basename(source.path));
  if (existsSync(archive) && hashOf(archive) === source.sha256) return archive;
  if (!existsSync(aptHelper))
    throw new MissingError("the sources come through apt, and this machine has none; use Debian");
  mkdirSync(join(cache, "archives"), { recursive: true });
  const part = `${archive}.part`;
  const problems: string[] = [];
  for (const mirror of await mirrors()) {
    rmSync(part, { force: true });
    const uri = mirror + source.path.replaceAll("+", "%2b");
    try {
      await run(aptHelper, ["download-file", uri, part, `SHA256:${source.sha256}`]);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    if (hashOf(part) !== source.sha256)
      throw new BuildError(`${source.name}: the archive does not have the pinned hash`);
    renameSync(part, archive);
    return archive;
  }
  throw new MissingError(
    `${source.name} ${source.version} could not be fetched from any of apt's mirrors\n${problems.join("\n")}`,
  );
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Roots of the archives that apt knows, each ending in a slash. */
async function mirrors(): Promise<readonly string[]> {
  const listed = await run("apt-get", ["indextargets", "--format", "$(REPO_URI)"]);
  return [...new Set(listed.split("\n").filter((line) => line !== ""))];
}
