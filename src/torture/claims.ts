/**
 * What must hold of a hub and a clinic after any of the torture's faults, as one
 * pure function from what both hold to what is wrong.
 *
 * Claims: each event whose push was acknowledged is in its author's log, exactly
 * once; seqs have no gaps and no repeats; nobody holds what its author does not
 * hold; what a node believes confirmed is held by the other; nothing is damaged,
 * missing or alarming any more.
 */
import type { AuditRow, NodeStatus } from "../engine/api.ts";

/** A node as it is after a round. */
export interface NodeView {
  readonly id: string;
  readonly rows: readonly AuditRow[];
  readonly status: Pick<NodeStatus, "pending" | "damaged" | "alarms" | "readOnly">;
  /** SHA-256 of the payloads whose push was acknowledged. */
  readonly acked: ReadonlySet<string>;
}

/** What is wrong, in words; empty when every claim holds. */
export function brokenClaims(clinic: NodeView, hub: NodeView): string[] {
  return [
    ...brokenAt(clinic),
    ...brokenAt(hub),
    ...forgedAt(hub, clinic),
    ...forgedAt(clinic, hub),
    ...unfoundedAt(clinic, hub),
  ];
}

/** Of two nodes that have synced with nothing in the way. */
export function brokenWhenSettled(clinic: NodeView, hub: NodeView): string[] {
  const shared = (view: NodeView) =>
    view.rows
      .filter(({ node, lane }) => node === clinic.id || lane.startsWith(`to/${clinic.id}`))
      .map(nameOf);
  const atHub = new Set(shared(hub));
  const lacking = shared(clinic).filter((row) => !atHub.has(row)).length;
  const atClinic = new Set(shared(clinic));
  const missing = shared(hub).filter((row) => !atClinic.has(row)).length;
  return [
    ...(lacking > 0 ? [`after a sync that was done the hub lacks ${lacking} events`] : []),
    ...(missing > 0 ? [`after a sync that was done the clinic lacks ${missing} events`] : []),
  ];
}

function brokenAt(view: NodeView): string[] {
  const { id, rows, status, acked } = view;
  const own = rows.filter(({ node }) => node === id);
  const held = new Set(own.map(({ sha256 }) => sha256));
  const lost = [...acked].filter((hash) => !held.has(hash)).length;
  const found: string[] = [];
  if (lost > 0) found.push(`${id} has lost ${lost} of ${acked.size} acknowledged events`);
  if (held.size !== own.length) found.push(`${id} holds ${own.length - held.size} events twice`);
  if (new Set(rows.map(placeOf)).size !== rows.length)
    found.push(`${id} lists a (node, epoch, lane, seq) twice`);
  found.push(...brokenSeqs(id, own));
  if (status.damaged > 0) found.push(`${id} still misses ${status.damaged} damaged events`);
  for (const { code, text } of status.alarms) found.push(`${id} raises ${code}: ${text}`);
  if (status.readOnly !== null) found.push(`${id} takes no writes: ${status.readOnly.message}`);
  return found;
}

function brokenSeqs(id: string, own: readonly AuditRow[]): string[] {
  const seqsByStream = new Map<string, number[]>();
  for (const { epoch, lane, seq } of own) {
    const name = `${epoch} '${lane}'`;
    const seqs = seqsByStream.get(name) ?? [];
    seqs.push(seq);
    seqsByStream.set(name, seqs);
  }
  return [...seqsByStream]
    .filter(([, seqs]) => seqs.sort((a, b) => a - b).some((seq, at) => seq !== at + 1))
    .map(([stream]) => `${id}: the seqs of ${stream} have a gap or a repeat`);
}

function forgedAt(view: NodeView, author: NodeView): string[] {
  const written = new Set(author.rows.map(nameOf));
  const count = view.rows.filter(
    (row) => row.node === author.id && !written.has(nameOf(row)),
  ).length;
  return count === 0
    ? []
    : [`${view.id} holds ${count} events of ${author.id} that are not there any more`];
}

/** What the clinic counts as confirmed, the hub has. */
function unfoundedAt(clinic: NodeView, hub: NodeView): string[] {
  const own = ({ node }: AuditRow): boolean => node === clinic.id;
  const confirmed = clinic.rows.filter(own).length - clinic.status.pending;
  const held = hub.rows.filter(own).length;
  return confirmed <= held
    ? []
    : [`${clinic.id} believes ${confirmed} events confirmed, and ${hub.id} holds ${held}`];
}

function placeOf({ node, epoch, lane, seq }: AuditRow): string {
  return `${node} ${epoch} ${lane}#${seq}`;
}

function nameOf(row: AuditRow): string {
  return `${placeOf(row)} ${row.sha256}`;
}
