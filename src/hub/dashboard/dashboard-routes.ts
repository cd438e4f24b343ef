/**
 * The dashboard: one page, whole in itself, without data. What it shows it asks of the API,
 * signed in with a token that whoever looks has typed in (`/v1/session`).
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { HubApp } from "../hub-context.ts";
import { readPage } from "./page-file.ts";

interface ServedPage {
  readonly zipped: Buffer;
  readonly policy: string;
}

/** Nothing is loaded from anywhere: script and style are in the page, and are known by their hashes. */
export function policyOf(html: string): string {
  const hashes = (tag: string): string =>
    [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))]
      .map(
        ([, content]) =>
          `'sha256-${createHash("sha256")
            .update(content ?? "")
            .digest("base64")}'`,
      )
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashes("script")}`,
    `style-src ${hashes("style")}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function preparePage(): Promise<ServedPage> {
  const html = await readPage();
  return { zipped: await promisify(gzip)(html), policy: policyOf(html) };
}

export function addDashboard(app: HubApp): void {
  let prepared: Promise<ServedPage> | undefined;
  app.get(
    "/",
    {
      config: { access: "public" },
      schema: { hide: true },
    },
    async (request, reply) => {
      prepared ??= preparePage();
      prepared.catch(() => {
        prepared = undefined;
      });
      const page = await prepared;
      // Every browser takes it; nothing else is worth keeping in memory.
      const isZipped = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
      void reply.headers({
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": page.policy,
        vary: "accept-encoding",
        ...(isZipped ? { "content-encoding": "gzip" } : {}),
      });
      return reply.send(isZipped ? page.zipped : await readPage());
    },
  );
}
