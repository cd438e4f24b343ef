/**
 * Where the page comes from: the published package has it beside this file, made by
 * `npm run build`; a checkout makes it when it is first asked for, which takes a second.
 */
import { readFile } from "node:fs/promises";

const builtPage = new URL("page.html", import.meta.url);
/** Only in a checkout, and with development packages: hence not an import that tools see. */
const builder = new URL("../../../scripts/dashboard-page.ts", import.meta.url);

export async function readPage(): Promise<string> {
  try {
    return await readFile(builtPage, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const { buildPage } = (await import(builder.href)) as { buildPage(): Promise<string> };
  return buildPage();
}
