/** `version`. */
import process from "node:process";
import { versionToText } from "../../command/render-identity.ts";
import { version as packageVersion } from "../../engine/version.ts";
import { formatVersions } from "../../engine/versions.ts";
import { exitDone } from "../open.ts";
import type { Handler } from "../run.ts";

export const version: Handler<"version"> = async (_values, context) => {
  const facts = {
    version: packageVersion,
    node: process.versions.node,
    runtime: `Node ${process.versions.node}`,
    logFormat: formatVersions.log,
    protocol: formatVersions.protocol,
    platform: `${process.platform}-${process.arch}`,
  };
  if (context.isJson) await context.printJson(facts);
  else await context.print(versionToText(facts));
  return exitDone;
};
