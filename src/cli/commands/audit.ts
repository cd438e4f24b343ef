/** `audit`: what happened, and with `--verify` whether all of it still holds. */
import {
  auditCsvHeading,
  auditHeading,
  auditToCsv,
  auditToJson,
  auditToText,
  verifyToText,
} from "../../command/render-events.ts";
import { errorToJson } from "../../command/render-error.ts";
import type { ValuesOf } from "../../command/table.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { AuditQuery, AuditRow, NodeApi } from "../../engine/api.ts";
import type { CliContext } from "../context.ts";
import { exitDone, exitStorage, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const audit: Handler<"audit"> = (values, context) =>
  withNode(values, context, {
    readOnly: true,
    use: (node) => (values.verify ? verify(node, values, context) : list(node, values, context)),
  });

async function verify(
  node: NodeApi,
  values: ValuesOf<"audit">,
  context: CliContext,
): Promise<number> {
  const report = await node.verify();
  const isJson = context.isJson || values.format === "json";
  if (isJson) await context.printJson(report);
  else await context.print(verifyToText(report, context.view()));
  return report.problems.length === 0 ? exitDone : exitStorage;
}

async function list(
  node: NodeApi,
  values: ValuesOf<"audit">,
  context: CliContext,
): Promise<number> {
  const format = context.isJson ? "json" : (values.format ?? "text");
  const view = context.view();
  const { since, until, node: origin, head, tail } = values;
  const query: AuditQuery = {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(origin === undefined ? {} : { node: origin }),
    ...(head === undefined ? {} : { head }),
    ...(tail === undefined ? {} : { tail }),
  };
  if (format === "csv") await context.lines.write(auditCsvHeading);
  if (format === "text") await context.lines.write(`${view.style.bold(auditHeading)}\n`);
  for await (const row of node.audit(query)) {
    const busy = context.lines.write(rowToLine(row));
    if (busy !== undefined) await busy;
    if (context.io.isOutClosed()) break;
  }
  await context.lines.flush();
  await nameDamage(node, context);
  return exitDone;

  function rowToLine(row: AuditRow): string {
    if (format === "csv") return auditToCsv(row);
    return format === "json" ? `${auditToJson(row)}\n` : `${auditToText(row, view)}\n`;
  }
}

/**
 * A listing with records missing must not look whole: each bad range is named
 * on stderr. What is there was listed, so the exit status stays 0; `status` and
 * `--verify` are the commands that judge.
 */
async function nameDamage(node: NodeApi, context: CliContext): Promise<void> {
  const { damagedRanges, damaged } = await node.status();
  for (const range of damagedRanges) {
    const { path, from, to, missing } = range;
    const error = new ZamError("Z209", { count: damaged, path, from, to, missing });
    if (context.isJson) context.io.err(`${JSON.stringify(errorToJson(error))}\n`);
    else context.io.err(`${context.errStyle.red(`${error.code}  ${error.message}: ${missing}`)}\n`);
  }
}
