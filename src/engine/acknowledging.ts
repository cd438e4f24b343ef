/** `doctor --ack`: a person has dealt with an alarm, and the log remembers it. */
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import { nearest } from "../core/nearest.ts";
import type { AcknowledgedAlarm } from "./api.ts";

/** Durable when it resolves. @throws ZamError Z107 when no such alarm is open, Z208, or what the log reports */
export async function acknowledgeAlarm(log: Log, id: string): Promise<AcknowledgedAlarm> {
  const alarm = log.alarms.find((open) => open.id === id);
  if (alarm === undefined) throw new ZamError("Z107", { id, suggestion: suggestion(log, id) });
  await new Promise<void>((resolve, reject) => {
    log.mark({ kind: "alarmAck", id }, Date.now(), (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  return { id, code: alarm.code, text: alarm.text, alarmsLeft: log.alarms.length };
}

function suggestion(log: Log, id: string): string {
  const ids = log.alarms.map((alarm) => alarm.id);
  if (ids.length === 0) return "no alarm is open; what status still names goes with its cause";
  const near = nearest(id, ids);
  return `${near === undefined ? "" : `did you mean ${near}? `}open alarms: ${ids.slice(0, 20).join(", ")}`;
}
