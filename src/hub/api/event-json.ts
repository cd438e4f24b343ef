/** Events as the API shows them: the lines of `pull --json`, and when they were stored. */
import { isUtf8 } from "node:buffer";
import { type PayloadText, payloadToJson } from "../../command/render-events.ts";
import type { HubEvent } from "../../engine/index.ts";

const payloadText: PayloadText = {
  decode: (bytes) => (isUtf8(bytes) ? viewOf(bytes).toString("utf8") : undefined),
  base64: (bytes) => viewOf(bytes).toString("base64"),
};

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One line of JSON. A JSON payload is in it as the text that was pushed. */
export function eventToJson(event: HubEvent): string {
  const { payload, ...rest } = event;
  const json = payloadToJson(payload, payloadText);
  const member =
    json === undefined ? `"payloadBase64":"${payloadText.base64(payload)}"` : `"payload":${json}`;
  return `${JSON.stringify(rest).slice(0, -1)},${member}}`;
}

export const eventSchema = {
  $id: "Event",
  type: "object",
  required: ["cursor", "node", "epoch", "lane", "seq", "hlc", "ts", "type", "received"],
  properties: {
    cursor: {
      type: "string",
      description: "reading on from here gives what was stored after this event",
    },
    node: { type: "string", description: "id of the node that wrote it" },
    epoch: { type: "string", pattern: "^[0-9a-f]{8}$" },
    lane: { type: "string" },
    seq: { type: "integer", minimum: 1 },
    hlc: {
      type: "string",
      pattern: "^[0-9a-f]{16}$",
      description: "hybrid logical clock: the global order",
    },
    ts: { type: "string", format: "date-time", description: "of the author's clock" },
    type: { type: "integer", minimum: 0 },
    received: { type: "string", format: "date-time", description: "when this hub stored it" },
    payload: { description: "as it was pushed; absent where the payload is no JSON" },
    payloadBase64: { type: "string", description: "instead of payload, where it is no JSON" },
  },
} as const;
