/**
 * A span of every day, such as 22:00-05:00, in which a node may use its link.
 * It may reach over midnight. Times are milliseconds of the local day; what
 * that is, the caller knows.
 */

export const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface DailyWindow {
  /** Inclusive, minutes since midnight. */
  readonly fromMinute: number;
  /** Exclusive; smaller than `fromMinute` when it reaches over midnight. Never equal to it. */
  readonly toMinute: number;
}

/** Undefined for anything but two different times of day, HH:MM-HH:MM. */
export function parseDailyWindow(text: string): DailyWindow | undefined {
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [fromHour = 0, fromRest = 0, toHour = 0, toRest = 0] = match.slice(1).map(Number);
  if (fromHour > 23 || toHour > 24 || fromRest > 59 || toRest > 59) return undefined;
  const fromMinute = fromHour * 60 + fromRest;
  const toMinute = toHour * 60 + toRest;
  if (toMinute > 24 * 60 || fromMinute === toMinute % (24 * 60)) return undefined;
  return { fromMinute, toMinute: toMinute % (24 * 60) };
}

/** How long until the window opens; 0 while it is open. */
export function untilOpenMs(window: DailyWindow, msOfDay: number): number {
  return untilCloseMs(window, msOfDay) > 0 ? 0 : ahead(window.fromMinute, msOfDay);
}

/** How long it stays open; 0 while it is shut. */
export function untilCloseMs(window: DailyWindow, msOfDay: number): number {
  const leftMs = ahead(window.toMinute, msOfDay);
  const lengthMs = ahead(window.toMinute, window.fromMinute * minuteMs);
  return leftMs <= lengthMs ? leftMs : 0;
}

/** From `msOfDay` to the next time that it is `minute`; more than 0, at most a day. */
function ahead(minute: number, msOfDay: number): number {
  const ms = (minute * minuteMs - msOfDay) % dayMs;
  return ms > 0 ? ms : ms + dayMs;
}
