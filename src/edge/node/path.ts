/** node:path, for the paths of POSIX. */
import { host } from "../host-functions.ts";

export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

export function join(...parts: readonly string[]): string {
  return normalize(parts.filter((part) => part !== "").join("/"));
}

export function resolve(...parts: readonly string[]): string {
  let path = "";
  for (let at = parts.length - 1; at >= 0 && !isAbsolute(path); at--) {
    const part = parts[at] ?? "";
    if (part !== "") path = path === "" ? part : `${part}/${path}`;
  }
  const whole = normalize(isAbsolute(path) ? path : `${host.workingFolder()}/${path}`);
  return whole.length > 1 && whole.endsWith("/") ? whole.slice(0, -1) : whole;
}

export function dirname(path: string): string {
  const bare = withoutEnd(path);
  const slash = bare.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : withoutEnd(bare.slice(0, slash));
}

export function basename(path: string): string {
  const bare = withoutEnd(path);
  return bare === "/" ? "" : bare.slice(bare.lastIndexOf("/") + 1);
}

function withoutEnd(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  return path.slice(0, end);
}

/** Without ".", ".." and repeated slashes; one at the end stays. */
function normalize(path: string): string {
  if (path === "") return ".";
  // Nearly every path: nothing in it can be one of them.
  if (!path.includes("//") && !path.includes("/.") && !path.startsWith(".")) return path;
  const isRooted = isAbsolute(path);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (!isRooted) parts.push(part);
  }
  const end = path.endsWith("/") && parts.length > 0 ? "/" : "";
  const text = parts.join("/") + end;
  if (isRooted) return `/${text}`;
  return text === "" ? "." : text;
}
