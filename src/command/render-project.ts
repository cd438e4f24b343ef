/** `project`: what came into a table, and what would. */
import { counted, grouped, printable, type View } from "./text.ts";

/** What a projection did. */
export interface ProjectFacts {
  readonly target: string;
  readonly table: string;
  readonly added: number;
  readonly repeated: number;
  readonly moved: number;
  readonly unfitting: number;
  readonly missing: number;
  /** In the table now; -1 where nobody counted. */
  readonly rows: number;
  readonly complete: boolean;
}

/** What a projection would do. */
export interface ProjectPlan {
  readonly target: string;
  readonly table: string;
  readonly makesTable: boolean;
  readonly addsColumns: readonly string[];
  readonly refillsColumns: readonly string[];
  readonly leavesColumns: readonly string[];
  readonly events: number;
  readonly unfitting: number;
}

export function projectToText(facts: ProjectFacts, view: View): string {
  const { style } = view;
  const head = facts.complete ? style.green("done") : style.yellow("stopped");
  const total = facts.rows < 0 ? "" : `, ${grouped(facts.rows)} in all`;
  const lines = [
    `${head}  ${counted(facts.added, "row")} added${total}: table ${printable(facts.table)} in ${printable(facts.target)}`,
  ];
  if (facts.repeated > 0) lines.push(`${counted(facts.repeated, "event")} had a row already`);
  if (facts.moved > 0)
    lines.push(`${counted(facts.moved, "row")} followed a branch to an epoch of its own`);
  if (facts.unfitting > 0) lines.push(style.yellow(unfittingText(facts.unfitting)));
  return lines.join("\n");
}

export function projectPlanToText(plan: ProjectPlan): string {
  const names = (columns: readonly string[]): string => columns.map(printable).join(", ");
  const lines = [
    `would add ${counted(plan.events, "row")} to table ${printable(plan.table)} in ${printable(plan.target)}`,
  ];
  if (plan.makesTable) lines.push("would make that table");
  if (plan.addsColumns.length > 0) lines.push(`would add columns: ${names(plan.addsColumns)}`);
  if (plan.refillsColumns.length > 0)
    lines.push(`would fill columns anew: ${names(plan.refillsColumns)}`);
  if (plan.leavesColumns.length > 0)
    lines.push(`would write no more, and leave as they are: ${names(plan.leavesColumns)}`);
  if (plan.unfitting > 0) lines.push(unfittingText(plan.unfitting));
  return lines.join("\n");
}

function unfittingText(count: number): string {
  return `${counted(count, "value")} had another type than the column, and are NULL there`;
}
