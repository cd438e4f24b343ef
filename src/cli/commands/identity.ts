/** `keygen`, `sign`, `install`, `revoke` and `nodes`. */
import { resolve } from "node:path";
import {
  installToText,
  keygenToJson,
  keygenToText,
  nodesToText,
  revokeToJson,
  revokeToText,
  signToText,
} from "../../command/render-identity.ts";
import { exitDone, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const keygen: Handler<"keygen"> = async (values, context) => {
  const engine = await context.loadEngine();
  const { keyFile, nodeId } = values;
  const made = await engine.createNode({
    dir: values.dataDir,
    isHub: values.hub,
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
  });
  await context.tell(
    () => keygenToText(made, context.view()),
    () => keygenToJson(made),
  );
  return exitDone;
};

export const sign: Handler<"sign"> = async (values, context) => {
  const engine = await context.loadEngine();
  const { out } = values;
  const signed = await engine.signNode({
    csrPath: values.csr,
    hubDir: resolve(values.ca),
    days: values.days,
    replace: values.replace,
    ...(out === undefined ? {} : { outPath: out }),
  });
  if (signed.becameHub) context.notice(`${values.ca} was never signed, so it is a hub from now on`);
  await context.tell(
    () => signToText(signed, out !== undefined, context.view()),
    () => signed,
  );
  return exitDone;
};

export const install: Handler<"install"> = async (values, context) => {
  const engine = await context.loadEngine();
  const dataDir = resolve(values.dataDir);
  const installed = await engine.installBundle({ bundlePath: values.bundle, dataDir });
  await context.tell(
    () => installToText(installed, context.view()),
    () => installed,
  );
  return exitDone;
};

export const revoke: Handler<"revoke"> = async (values, context) => {
  const engine = await context.loadEngine();
  const revoked = await engine.revokeNode({ nodeId: values.id, hubDir: resolve(values.ca) });
  await context.tell(
    () => revokeToText(revoked, context.view()),
    () => revokeToJson(revoked),
  );
  return exitDone;
};

export const nodes: Handler<"nodes"> = async (values, context) => {
  const rows = await withNode(values, context, { readOnly: true, use: (node) => node.nodes() });
  if (context.isJson) for (const row of rows) await context.printJson(row);
  else await context.print(nodesToText(rows, context.view()));
  return exitDone;
};
