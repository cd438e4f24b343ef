/** `version` on the small device. */
import { versionToText } from "../../command/render-identity.ts";
import type { Handler } from "../../cli/run.ts";
import { version as packageVersion } from "../../engine/version.ts";
import { formatVersions } from "../../engine/versions.ts";
import { runtimeFacts } from "../version.ts";

export const version: Handler<"version"> = async (_values, context) => {
  const facts = {
    version: packageVersion,
    ...runtimeFacts,
    logFormat: formatVersions.log,
    protocol: formatVersions.protocol,
  };
  if (context.isJson) await context.printJson(facts);
  else await context.print(versionToText(facts));
  return 0;
};
