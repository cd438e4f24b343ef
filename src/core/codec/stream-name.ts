/**
 * Names of streams on the wire, relative to the two ends of the connection:
 * a clinic's usual stream takes five bytes. One byte of flags, then only what
 * the flags leave open. The shortest form is the only one accepted, so equal
 * names are equal bytes.
 */
import type { ByteReader, ByteWriter } from "../bytes.ts";
import { isLane, isNodeId, laneCharactersMax, type StreamId } from "../event.ts";
import type { Ends } from "./frame-types.ts";

/** Bits 0-1: the node. */
const nodeExplicit = 0;
const nodeSender = 1;
const nodeReceiver = 2;
/** Bits 2-4: the lane. */
const laneExplicit = 0;
const laneDefault = 1;
const laneUrgent = 2;
const laneToReceiver = 3;
const laneToReceiverUrgent = 4;
const laneToSender = 5;
const laneToSenderUrgent = 6;

function laneForm(lane: string, ends: Ends): number {
  if (lane === "") return laneDefault;
  if (lane === "urgent") return laneUrgent;
  if (lane === `to/${ends.receiver}`) return laneToReceiver;
  if (lane === `to/${ends.receiver}/urgent`) return laneToReceiverUrgent;
  if (lane === `to/${ends.sender}`) return laneToSender;
  if (lane === `to/${ends.sender}/urgent`) return laneToSenderUrgent;
  return laneExplicit;
}

function laneOfForm(form: number, ends: Ends): string | undefined {
  if (form === laneDefault) return "";
  if (form === laneUrgent) return "urgent";
  if (form === laneToReceiver) return `to/${ends.receiver}`;
  if (form === laneToReceiverUrgent) return `to/${ends.receiver}/urgent`;
  if (form === laneToSender) return `to/${ends.sender}`;
  if (form === laneToSenderUrgent) return `to/${ends.sender}/urgent`;
  return undefined;
}

function nodeForm(node: string, ends: Ends): number {
  if (node === ends.sender) return nodeSender;
  if (node === ends.receiver) return nodeReceiver;
  return nodeExplicit;
}

export function encodeStreamName(writer: ByteWriter, id: StreamId, ends: Ends): void {
  const node = nodeForm(id.node, ends);
  const lane = laneForm(id.lane, ends);
  writer.u8(node + lane * 4);
  if (node === nodeExplicit) writer.text(id.node);
  writer.u32(id.epoch);
  if (lane === laneExplicit) writer.text(id.lane);
}

/** Fails the reader on anything that is no stream name. */
export function decodeStreamName(reader: ByteReader, ends: Ends): StreamId {
  const flags = reader.u8();
  const nodeKind = flags % 4;
  const laneKind = Math.floor(flags / 4);
  let node = "";
  if (nodeKind === nodeExplicit) node = reader.text(63);
  else if (nodeKind === nodeSender) node = ends.sender;
  else if (nodeKind === nodeReceiver) node = ends.receiver;
  const epoch = reader.u32();
  const lane =
    laneKind === laneExplicit ? reader.text(laneCharactersMax) : laneOfForm(laneKind, ends);
  const isKnown = lane !== undefined && isNodeId(node) && isLane(lane);
  if (!isKnown || nodeForm(node, ends) !== nodeKind || laneForm(lane, ends) !== laneKind) {
    reader.fail();
    return { node: "", epoch: 0, lane: "" };
  }
  return { node, epoch, lane };
}
