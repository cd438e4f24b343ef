/**
 * `sync --dry-run`: what a sync would move, without touching the network. The
 * session itself plans and codes it, against what the hub was known to hold; what
 * TLS adds is known to the byte but for the length of signatures, and the time
 * follows from what the last session saw of the link. What the hub has for this
 * node cannot be known beforehand.
 */
import { rehearse, type Rehearsal, secondsOf } from "../core/session/rehearsal.ts";
import { createTicketStore } from "../network/ticket-store.ts";
import { ticketRecordSize } from "../network/ticket-record.ts";
import { nodeFiles, readCredentials } from "../pki/index.ts";
import type { SyncInput, SyncSummary } from "./api.ts";
import { type HostedNode, sessionInput } from "./hosting.ts";
import type { PeerRecord } from "./peer-record.ts";

/** Handshakes in both directions (test/tls.test.ts): a full one with its two tickets; a resumed one without the ticket. */
const fullHandshakeBytes = 4_930;
const resumedHandshakeBytes = 465;
/** Around a ticket in the record that brings it; that is what its size is known by. */
const ticketRecordBytes = 47;
const recordBytes = 22;
/** The hub's HELLO without its node's name, its DONE, both goodbyes and close_notify of both. */
const greetingBytes = 190;
/** Of a write that carries events: the record that it is, and the hub's answer in another. */
const answerBytes = 27;

export interface DryRun {
  readonly dataDir: string;
  readonly node: HostedNode;
  /** HOST:PORT. */
  readonly hub: string;
  readonly input: SyncInput;
}

/** @throws ZamError Z3xx when this node has no certificate */
export function estimateSync(dryRun: DryRun): SyncSummary {
  const { node, hub } = dryRun;
  const known = node.book.all.find(({ role, address }) => role === "hub" && address === hub);
  const found = known ?? node.book.lastHub;
  const rehearsal = rehearse(
    sessionInput(node, {
      peer: { nodeId: found?.peerId ?? "hub", role: "hub", keyFingerprint: new Uint8Array(32) },
      isInitiator: true,
      policy: "own",
      keepOpen: false,
    }),
  );
  const { events } = rehearsal;
  const upBytes = rehearsal.helloBytes + rehearsal.dataBytes + rehearsal.writes * recordBytes;
  const answers = rehearsal.writes * answerBytes;
  const bytes = handshakeBytes(dryRun) + upBytes + recordBytes + greetingBytes + answers;
  return {
    peer: found?.peerId ?? "",
    eventsSent: 0,
    eventsConfirmed: 0,
    eventsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    durationMs: 0,
    attempts: 0,
    complete: false,
    remaining: events,
    quarantined: 0,
    endedBy: "dryRun",
    reports: [],
    estimate: { events, bytes, seconds: secondsFor(dryRun, found, { bytes, rehearsal }) },
  };
}

function handshakeBytes({ dataDir, hub }: DryRun): number {
  const credentials = readCredentials(dataDir, Date.now());
  const ticket = createTicketStore(nodeFiles(dataDir).tickets, credentials).load(hub);
  if (ticket === undefined) return fullHandshakeBytes;
  return resumedHandshakeBytes + ticketRecordSize(ticket.session) - ticketRecordBytes;
}

function secondsFor(
  { input, node }: DryRun,
  known: PeerRecord | undefined,
  cost: { readonly bytes: number; readonly rehearsal: Rehearsal },
): number {
  const budgetBytesPerS = ((input.budgetKbps ?? Number.POSITIVE_INFINITY) * 1000) / 8;
  // The first contact of all speaks up as one that knows what the hub holds does.
  const isFirst = known === undefined && node.log.trustedTimeMs === 0;
  const isAwaited = cost.rehearsal.events > 0 && !isFirst && known?.state?.isClean !== true;
  const { bytes } = cost;
  const seconds = secondsOf({ link: known?.state?.link, bytes, isAwaited, budgetBytesPerS });
  return Math.round(seconds * 10) / 10;
}
