/**
 * What needs a person, in plain words with what to do: rules over facts, nothing else.
 * Whoever reads this looks after clinics, not after software; codes are for looking up.
 */
import { counted } from "../../core/counted.ts";
import { catalogue, type ZCode } from "../../core/errors/catalogue.ts";
import { isZCode } from "../../core/errors/zam-error.ts";
import type { NodeStatus } from "../../engine/index.ts";
import type { Attention, ClinicRow, Level } from "./overview-types.ts";

const dayMs = 86_400_000;
/** Order within a clinic is right either way; people who read times are misled from here on. */
export const clockNoteMs = 5 * 60_000;
export const clockWrongMs = dayMs;
export const certificateDaysMin = 30;
/** Of takeovers in the last hour: a link that comes and goes has some. */
export const takeoversMin = 6;
/** Of silences: so many times `quietAfterMs` is urgent. */
const longSilence = 3;

const order: Readonly<Record<Level, number>> = { urgent: 0, soon: 1, note: 2 };

export function byUrgency(a: Attention, b: Attention): number {
  return order[a.level] - order[b.level] || a.node.localeCompare(b.node, "en");
}

export function worst(items: readonly Attention[]): Level | null {
  let found: Level | null = null;
  for (const { level } of items) if (found === null || order[level] < order[found]) found = level;
  return found;
}

type Item = Omit<Attention, "node">;

/** What a code means at a clinic that told it; codes without an entry are told in the catalogue's words. */
const troubleItems: Partial<Record<ZCode, Omit<Item, "code">>> = {
  Z204: {
    level: "urgent",
    kind: "disk",
    text: "its disk is full: nothing new can be written down there",
    todo: "free space on that device (old logs, pictures, updates); what is stored is safe and the next push works again by itself",
  },
  Z220: {
    level: "urgent",
    kind: "disk",
    text: "its disk is nearly full: soon nothing new can be written down there",
    todo: "free space on that device, or run zamsync compact there; what is stored is safe",
  },
  Z205: {
    level: "urgent",
    kind: "disk",
    text: "its disk failed while writing: the device takes no new events",
    todo: "replace the card or disk of that device; what was acknowledged is safe, here and there",
  },
  Z206: {
    level: "urgent",
    kind: "disk",
    text: "its disk fails",
    todo: "replace the card or disk of that device soon; let it sync first",
  },
  Z208: {
    level: "urgent",
    kind: "disk",
    text: "its log takes no new events",
    todo: "look at that device: zamsync status says why",
  },
  Z507: {
    level: "soon",
    kind: "fork",
    text: "it was restored from an older copy, or lost its newest events; they were fetched back from here",
    todo: "make sure that no second device runs with the same identity; then run zamsync doctor on that device, which says how to clear this",
  },
  Z508: {
    level: "urgent",
    kind: "fork",
    text: "its history has forked: two devices, or an old image, wrote under one name. Both branches are kept",
    todo: "find out whether a second device runs with the same identity and stop one of them; then run zamsync doctor on that device, which says how to clear this",
  },
  Z214: {
    level: "soon",
    kind: "damage",
    text: "events may have been lost at the end of its log",
    todo: "let it sync, then run zamsync doctor on that device, which says how to clear this",
  },
  Z516: {
    level: "soon",
    kind: "damage",
    text: "some of its events can be read nowhere any more",
    todo: "if a copy of the device exists, restore it beside this one; tell those who rely on these events",
  },
  Z517: {
    level: "soon",
    kind: "clock",
    text: "it says that its clock is wrong",
    todo: "set the clock of that device (timedatectl set-time); no event is lost and their order is right",
  },
  Z518: {
    level: "soon",
    kind: "clock",
    text: "it had written events that are dated more than a day ahead",
    todo: "set the clock of that device, then run zamsync doctor there, which says how to clear this",
  },
};

/** In the order in which they are found; sorted by whoever gathers them. */
export function clinicAttention(
  row: Omit<ClinicRow, "level">,
  now: {
    readonly nowMs: number;
    readonly quietAfterMs: number;
    /** Of each clinic: how often a newer session took over from one that was open, in the last hour. */
    readonly takeovers?: ReadonlyMap<string, number>;
  },
): readonly Attention[] {
  if (row.state === "revoked") return [];
  const items: Item[] = [];
  // A fork begins as what Z507 says, and ends as more than that.
  const isFork = row.troubles.includes("Z508");
  const isFull = isDiskFull(row);
  for (const code of row.troubles) {
    if (isFork && code === "Z507") continue;
    // "Nearly", and what to do before it is full, would come too late.
    if (isFull && code === "Z220") continue;
    items.push(troubleItem(code));
  }
  if (isFull && !row.troubles.includes("Z204")) items.push(troubleItem("Z204"));
  const has = (kind: string): boolean => items.some((item) => item.kind === kind);
  if (row.isForked && !has("fork"))
    items.push({
      ...{ level: "urgent", kind: "fork", code: "Z509" },
      text: "two branches of its history met here, and it has not settled them yet. Both are kept",
      todo: "let it sync; if this stays, find out whether a second device runs with the same identity",
    });
  takeoverItems(now.takeovers?.get(row.node) ?? 0, items);
  clockItems(row, has("clock"), items);
  if (row.damagedThere > 0)
    items.push({
      ...{ level: "soon", kind: "damage", code: "Z209" },
      text: `${counted(row.damagedThere, "event")} cannot be read on that device`,
      todo: "let it sync: what the hub holds comes back by itself. If it happens again, replace the card",
    });
  if (row.damagedHere > 0)
    items.push({
      ...{ level: "soon", kind: "damage", code: "Z209" },
      text: `${counted(row.damagedHere, "event")} of it cannot be read here`,
      todo: "let that clinic sync: what it still holds comes back by itself. Then look at the hub's disk: zamsync doctor",
    });
  if (row.quarantinedThere > 0)
    items.push({
      ...{ level: "soon", kind: "quarantine", code: "" },
      text: `${counted(row.quarantinedThere, "event")} in quarantine there`,
      todo: "zamsync status on that device says why",
    });
  if (row.quarantinedHere > 0)
    items.push({
      ...{ level: "soon", kind: "quarantine", code: "Z620" },
      text: `${counted(row.quarantinedHere, "event")} of it ${row.quarantinedHere === 1 ? "is" : "are"} held back here: ${row.quarantineReason || "the schema refuses them"}`,
      todo: "mend the schema and let the hub read it again (kill -HUP, or a restart), which lets them in, or have what writes them at that clinic mended",
    });
  certificateItems(row, items);
  silenceItems(row, now, items);
  return items.map((item) => ({ ...item, node: row.node }));
}

/** No segment grows by less; what is left of a full disk is seldom nothing at all. */
const fullBelowBytes = 64 * 1024;

function isDiskFull({ troubles, diskFreeBytes }: Omit<ClinicRow, "level">): boolean {
  return troubles.includes("Z204") || (diskFreeBytes !== null && diskFreeBytes < fullBelowBytes);
}

function troubleItem(code: string): Item {
  if (!isZCode(code))
    return {
      ...{ level: "soon", kind: "other", code },
      text: `it reports ${code}, which this version does not know`,
      todo: "look at that device: zamsync status; and bring both sides to the same version",
    };
  const known = troubleItems[code];
  if (known !== undefined) return { ...known, code };
  return {
    ...{ level: "soon", kind: "other", code },
    text: `it reports ${code} (${catalogue[code].name})`,
    todo: hintOf(code) ?? "look at that device: zamsync status",
  };
}

/** Undefined when the hint is about something that only an error of that code knows. */
function hintOf(code: string): string | undefined {
  const hint = isZCode(code) ? catalogue[code].hint : undefined;
  return hint?.includes("{") === true ? undefined : hint;
}

function takeoverItems(count: number, items: Item[]): void {
  if (count < takeoversMin) return;
  items.push({
    ...{ level: "soon", kind: "takeover", code: "Z520" },
    text: `${counted(count, "time")} in the last hour a new connection took over while its former one was open`,
    todo: "if its link breaks that often, nothing is lost and nothing is to be done. If not, a second device runs with the same identity: find it and stop one of the two",
  });
}

function clockItems(row: Omit<ClinicRow, "level">, isTold: boolean, items: Item[]): void {
  const { clockDifferenceMs } = row;
  if (clockDifferenceMs === null || Math.abs(clockDifferenceMs) < clockNoteMs || isTold) return;
  const amount = durationText(Math.abs(clockDifferenceMs));
  items.push({
    level: Math.abs(clockDifferenceMs) >= clockWrongMs ? "soon" : "note",
    ...{ kind: "clock", code: "Z517" },
    text: `its clock is ${amount} ${clockDifferenceMs < 0 ? "behind" : "ahead"}`,
    todo: "set the clock of that device (timedatectl set-time); no event is lost and their order is right",
  });
}

function certificateItems(row: Omit<ClinicRow, "level">, items: Item[]): void {
  const { certDaysLeft } = row;
  if (certDaysLeft >= certificateDaysMin) return;
  const isOver = certDaysLeft < 0;
  items.push({
    level: isOver ? "urgent" : "soon",
    ...{ kind: "certificate", code: "" },
    text: isOver
      ? "its certificate has expired: it can no longer sync"
      : `its certificate expires in ${counted(certDaysLeft, "day")}`,
    todo: "carry its request (tls/node.csr) here, run zamsync sign, and install the bundle on that device",
  });
}

function silenceItems(
  row: Omit<ClinicRow, "level">,
  now: { readonly nowMs: number; readonly quietAfterMs: number },
  items: Item[],
): void {
  if (row.state === "never")
    items.push({
      ...{ level: "note", kind: "never", code: "" },
      text: "it has a certificate and has never synced",
      todo: "run zamsync sync or zamsync daemon on that device, or revoke the certificate if it is not used",
    });
  if (row.state !== "quiet" || row.lastSeen === null) return;
  const silentMs = now.nowMs - Date.parse(row.lastSeen);
  items.push({
    level: silentMs >= longSilence * now.quietAfterMs ? "urgent" : "soon",
    ...{ kind: "quiet", code: "" },
    text: `nothing has been heard from it since ${row.lastSeen.slice(0, 16).replace("T", " ")} UTC`,
    todo: "call the clinic: is the device on, is there credit on its SIM, does the modem have a signal? Its events wait there and are not lost",
  });
}

/** The hub itself. */
export function hubAttention(status: NodeStatus): readonly Attention[] {
  const items: Item[] = [];
  const { readOnly, damaged, quarantined, clock, certDaysLeft, rekey } = status;
  if (readOnly !== null)
    items.push({
      ...{ level: "urgent", kind: "disk", code: readOnly.code },
      text: "it takes no new events: clinics cannot deliver",
      todo:
        readOnly.code === "Z204"
          ? "free space on the hub's disk: it goes on by itself within half a minute"
          : `${readOnly.message}; mend the disk, then start the hub again`,
    });
  for (const { id, code, text } of status.alarms)
    if (!(code === "Z220" && readOnly?.code === "Z204")) items.push(alarmItem(id, code, text));
  if (damaged > 0)
    items.push({
      ...{ level: "soon", kind: "damage", code: "Z209" },
      text: `${counted(damaged, "event")} cannot be read at the hub`,
      todo: "let the clinics sync: what they still hold comes back by itself. Then look at the disk: zamsync doctor",
    });
  if (quarantined > 0)
    items.push({
      ...{ level: "soon", kind: "quarantine", code: "" },
      text: `${counted(quarantined, "event")} ${quarantined === 1 ? "is" : "are"} held back by the schema`,
      todo: "zamsync status says which and why; mend the schema and let the hub read it again (kill -HUP, or a restart), which lets them in",
    });
  if (!clock.ok)
    items.push({
      ...{ level: "urgent", kind: "clock", code: "Z517" },
      text: "the hub's own clock is wrong: clinics go by it",
      todo: clock.reason,
    });
  if (certDaysLeft !== null && certDaysLeft < certificateDaysMin)
    items.push({
      level: certDaysLeft < 7 ? "urgent" : "soon",
      ...{ kind: "certificate", code: "" },
      text: `the hub's own certificate expires in ${counted(Math.max(0, certDaysLeft), "day")}`,
      todo: "run zamsync sign for the hub's own request (tls/node.csr), then start it again",
    });
  if (rekey !== null && !rekey.isRunning)
    items.push({
      ...{ level: "soon", kind: "other", code: "" },
      text: "a change of the hub's data key was interrupted",
      todo: "run zamsync rekey again; it goes on where it was",
    });
  return items.map((item) => ({ ...item, node: "" }));
}

/** Alarms that mean that events may soon not be stored or read any more. */
const urgentAlarms: ReadonlySet<string> = new Set(["Z204", "Z205", "Z206", "Z220"]);

function alarmItem(id: string, code: string, text: string): Item {
  const isDisk = urgentAlarms.has(code);
  const hint = hintOf(code);
  // An alarm of the moment is named by its code; one that stays has an id to clear it by.
  const isCleared = id !== code;
  return {
    level: isDisk ? "urgent" : "soon",
    kind: isDisk ? "disk" : code === "Z509" ? "fork" : "alarm",
    code,
    text,
    todo: [
      ...(hint === undefined ? [] : [hint]),
      ...(isCleared ? [`at the hub: zamsync doctor --ack '${id}'`] : []),
    ].join("; "),
  };
}

/** "40 minutes", "3 hours", "12 days": one unit, rounded down. */
export function durationText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return counted(Math.max(1, minutes), "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? counted(hours, "hour") : counted(Math.floor(hours / 24), "day");
}
