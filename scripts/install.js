/**
 * Installs what a checkout lacks, so that `npm test` and `npm run demo` work on a fresh clone.
 *
 * Compares the lockfile with npm's own record of what it installed, instead of dates or a
 * marker: a plain `npm install` of one more package must not look stale. A missing node_modules
 * is installed by `npm ci`, a stale one is brought up to date in place, because something may be
 * running from it. Plain JavaScript for the old Node that the machine came with.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundledNode, linkNode, root } from "./link-node.js";

/** True when every package that the lockfile asks for on any platform is there in that version. */
export function isInstalled(base = root) {
  const record = join(base, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(base, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/") || entry.optional || entry.link) return true;
    return installed[path]?.version === entry.version;
  });
}

/** Installs when needed and links the bundled Node; returns npm's exit status. */
export function ensureInstalled(base = root, what = "dependencies (once; about 100 MB)") {
  let status = 0;
  if (!isInstalled(base)) {
    process.stderr.write(`installing ${what} ...\n`);
    const fresh = !existsSync(join(base, "node_modules", ".package-lock.json"));
    const command = fresh ? ["ci"] : ["install", "--no-save"];
    status = npm([...command, "--loglevel=error", "--no-audit", "--no-fund"], base);
  }
  if (status === 0) linkNode(base);
  return status;
}

/** npm as it was started, or as found in PATH; its output goes to stderr. */
function npm(args, cwd) {
  const script = process.env.npm_execpath;
  const viaNode = script !== undefined && /npm-cli\.c?js$/.test(script);
  const [command, first] = viaNode ? [process.execPath, [script]] : ["npm", []];
  const result = spawnSync(command, [...first, ...args], {
    cwd,
    env: installEnv(),
    shell: !viaNode && process.platform === "win32",
    stdio: ["ignore", 2, 2],
  });
  return result.status ?? 1;
}

/**
 * The environment without what an outer npm put there for its own run: inside `npx` or a
 * production install, options such as `omit` or `global` would reach this install as well.
 */
function installEnv() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (
      /^npm_(lifecycle|package|command|config_(omit|global|prefix|package|call|location|local_prefix))/i.test(
        name,
      )
    ) {
      delete env[name];
    }
  }
  delete env.NODE_ENV;
  return env;
}

/**
 * The Node to run this project's tasks on: the bundled one; else, where none is made for the
 * platform or optional packages were left out, the present one if it is new enough.
 */
export function projectNode(base = root) {
  const bundled = bundledNode(base);
  if (bundled !== undefined) return bundled;
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 15) ? process.execPath : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = ensureInstalled();
