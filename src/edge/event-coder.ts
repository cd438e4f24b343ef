/** In the place of src/core/codec/event-coder.ts: the same class, translated to C (scripts/edge/native). */
import type { EventCoder as CoreEventCoder } from "../core/codec/event-coder.ts";
import { host } from "./host-functions.ts";

export type EventCoder = CoreEventCoder;
export const EventCoder = host.EventCoder;
