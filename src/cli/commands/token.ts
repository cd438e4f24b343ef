/** `token create`, `token list`, `token revoke`. */
import {
  tokenCreatedToJson,
  tokenCreatedToText,
  tokenRevokedToJson,
  tokenRevokedToText,
  tokensToText,
  tokenToJson,
} from "../../command/render-token.ts";
import type { ValuesOf } from "../../command/table.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { TokenScope } from "../../engine/index.ts";
import type { CliContext } from "../context.ts";
import { exitDone } from "../open.ts";
import type { Handler } from "../run.ts";

type Values = ValuesOf<"token">;

export const token: Handler<"token"> = async (values, context) => {
  requireFitting(values);
  switch (values.action) {
    case "create":
      await create(values, context);
      break;
    case "list":
      await list(values, context);
      break;
    case "revoke":
      await revoke(values, context);
      break;
  }
  return exitDone;
};

/** What belongs to another action would be ignored in silence: a misspelt limit is an unlimited token. */
function requireFitting(values: Values): void {
  const { action, id } = values;
  const ofCreate = ["scope", "node", "expires", "label"] as const;
  const stray = action === "create" ? undefined : ofCreate.find((key) => key in values);
  if (stray !== undefined) throw usage(`token ${action} takes no --${stray}`);
  if (action === "revoke" && id === undefined) throw usage("token revoke needs an ID");
  if (action !== "revoke" && id !== undefined) throw usage(`token ${action} takes no ID`);
}

function usage(problem: string): ZamError {
  return new ZamError("Z101", { problem, suggestion: "zamsync help token shows how it is used" });
}

async function create(values: Values, context: CliContext): Promise<void> {
  const engine = await context.loadEngine();
  const created = await engine.createToken({
    dataDir: values.dataDir,
    scopes: (values.scope ?? "read").split(",") as readonly TokenScope[],
    nodes: values.node?.split(",") ?? [],
    label: values.label ?? "",
    expiresInMs: values.expires,
  });
  // Printed also with --quiet: it is what was asked for, and never seen again.
  if (context.isJson) await context.printJson(tokenCreatedToJson(created));
  else if (context.isQuiet) await context.print(created.token);
  else await context.print(tokenCreatedToText(created, context.view()));
}

async function list(values: Values, context: CliContext): Promise<void> {
  const engine = await context.loadEngine();
  const nowMs = context.io.nowMs();
  const rows = engine
    .listTokens({ dataDir: values.dataDir })
    .map((row) => ({ row, state: engine.tokenState(row, nowMs) }));
  if (context.isJson)
    for (const { row, state } of rows) await context.printJson(tokenToJson(row, state));
  else await context.print(tokensToText(rows, context.view()));
}

async function revoke(values: Values, context: CliContext): Promise<void> {
  const engine = await context.loadEngine();
  const revoked = await engine.revokeToken({ dataDir: values.dataDir, id: values.id ?? "" });
  await context.tell(
    () => tokenRevokedToText(revoked, context.view()),
    () => tokenRevokedToJson(revoked),
  );
}
