/**
 * What happens between a clinic and its hub in the lab, and what is measured of it.
 *
 *   backlog       one clinic, first contact, everything it has
 *   cut           the same, cut once half of it has arrived, and down for seconds
 *   more          ten events more, by a new process over a new connection
 *   open          ten events more over a connection that is still open
 *   nothing       a sync with nothing to do, over a new connection
 *   five-at-once  five clinics, each behind a link of its own, at the same time
 *   five-in-turn  the same, one after the other
 *
 * Bytes are counted by the link, on the TCP payload, both directions, with TLS where a
 * peer uses it. Seconds go from the first connection's SYN to when the clinic knows
 * that it is done; starting a process does not count. Every scenario ends with a look
 * at what the hub holds: a peer that lost an event has no figure.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClinicEvent, EventKind } from "./clinic-events.ts";
import { sizeOf, supplyOf } from "./corpus.ts";
import type { CorpusSize } from "./corpus.ts";
import type { LabLink, LinkFactory, LinkReading } from "./lab-link.ts";
import type { DeadlyCut } from "./link.ts";
import type { PeerClinic, PeerHub, StayingClinic } from "./peers/peer.ts";
import type { ProcessWatch } from "./process-watch.ts";
import type { Profile } from "./profiles.ts";

export const scenarioNames = [
  "backlog",
  "cut",
  "more",
  "open",
  "nothing",
  "five-at-once",
  "five-in-turn",
] as const;

export type ScenarioName = (typeof scenarioNames)[number];

export interface Scale {
  readonly backlogEvents: number;
  readonly moreEvents: number;
  readonly clinics: number;
  readonly clinicEvents: number;
  readonly downMs: number;
}

export interface Measure {
  readonly scenario: ScenarioName;
  readonly corpus: CorpusSize;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly seconds: number;
  readonly connections: number;
  /** Peak of the largest process on either side, MiB; 0 where it cannot be known. */
  readonly clinicMiB: number;
  readonly hubMiB: number;
  /** With a cut: what it cost beyond the same without one. */
  readonly cut?: CutCost;
}

export interface CutCost {
  /** Delivered, over what was delivered without a cut. */
  readonly extraBytes: number;
  /** On their way when the link died. */
  readonly lostBytes: number;
  /** Over the time without a cut and the time that the link was down. */
  readonly extraSeconds: number;
}

export interface Setting {
  readonly links: LinkFactory;
  readonly profile: Profile;
  readonly kind: EventKind;
  readonly seed: number;
  readonly scale: Scale;
  readonly cutMode: DeadlyCut;
  readonly scenarios: ReadonlySet<ScenarioName>;
  readonly watch: ProcessWatch;
  /** Hears of every figure as soon as it is there. */
  readonly onMeasure: (measure: Measure) => void;
}

/** Runs the wanted scenarios of one peer, on a hub that is open already. */
export async function runScenarios(hub: PeerHub, setting: Setting): Promise<void> {
  const { scenarios } = setting;
  const isWanted = (...names: readonly ScenarioName[]) => names.some((name) => scenarios.has(name));
  if (isWanted("backlog", "cut", "more", "open", "nothing")) {
    const uncut = await runOneClinic(hub, setting);
    if (isWanted("cut")) await runCut(hub, setting, uncut);
  }
  if (isWanted("five-at-once")) await runFive(hub, setting, "five-at-once");
  if (isWanted("five-in-turn")) await runFive(hub, setting, "five-in-turn");
}

/** A clinic's first contact, and what comes after it over the same link. */
async function runOneClinic(hub: PeerHub, setting: Setting): Promise<Measure> {
  const { scale, scenarios } = setting;
  const supply = supplyOf(setting.kind, setting.seed, 0);
  const clinic = await hub.addClinic("clinic_0");
  const link = await setting.links.open(hub.port, setting.profile, setting.seed);
  let held = 0;
  const syncOf = async (scenario: ScenarioName, events: readonly ClinicEvent[]) => {
    if (events.length > 0) await clinic.write(events);
    const measured = await measure(scenario, setting, [{ clinic, link, events }]);
    held += events.length;
    await expectHeld(hub, "clinic_0", held);
    report(setting, measured);
    return measured;
  };
  try {
    const uncut = await syncOf("backlog", supply(scale.backlogEvents));
    if (scenarios.has("more")) await syncOf("more", supply(scale.moreEvents));
    if (scenarios.has("nothing")) await syncOf("nothing", []);
    if (scenarios.has("open") && clinic.stay !== undefined) {
      const events = supply(scale.moreEvents);
      const staying = await clinic.stay(link.address);
      const measured = await measureOpen(staying, { clinic, link, events }, setting);
      await staying.close();
      await expectHeld(hub, "clinic_0", held + events.length);
      report(setting, measured);
    }
    return uncut;
  } finally {
    await link.close();
  }
}

async function runCut(hub: PeerHub, setting: Setting, uncut: Measure): Promise<void> {
  const { scale, cutMode: mode } = setting;
  const { downMs } = scale;
  const events = supplyOf(setting.kind, setting.seed, 0)(scale.backlogEvents);
  const clinic = await hub.addClinic("clinic_cut");
  const link = await setting.links.open(hub.port, setting.profile, setting.seed);
  try {
    await clinic.write(events);
    link.cutOnce({ afterUpBytes: Math.floor(uncut.upBytes / 2), downMs, mode });
    const whole = await measure("cut", setting, [{ clinic, link, events }]);
    await expectHeld(hub, "clinic_cut", events.length);
    if (link.cuts() !== 1) throw new Error("the link was not cut");
    const extraBytes = whole.upBytes + whole.downBytes - uncut.upBytes - uncut.downBytes;
    const extraSeconds = whole.seconds - uncut.seconds - downMs / 1000;
    report(setting, {
      ...whole,
      cut: { extraBytes, lostBytes: link.read().lostBytes, extraSeconds },
    });
  } finally {
    await link.close();
  }
}

async function runFive(
  hub: PeerHub,
  setting: Setting,
  scenario: "five-at-once" | "five-in-turn",
): Promise<void> {
  const { scale, seed, kind, profile } = setting;
  const prefix = scenario === "five-at-once" ? "together" : "turn";
  const parties: Party[] = [];
  try {
    for (let n = 1; n <= scale.clinics; n++) {
      const clinic = await hub.addClinic(`${prefix}_${n}`);
      const events = supplyOf(kind, seed, n)(scale.clinicEvents);
      await clinic.write(events);
      const link = await setting.links.open(hub.port, profile, seed + n);
      parties.push({ clinic, link, events });
    }
    const measured = await measure(scenario, setting, parties);
    for (let n = 1; n <= scale.clinics; n++)
      await expectHeld(hub, `${prefix}_${n}`, scale.clinicEvents);
    report(setting, measured);
  } finally {
    for (const { link } of parties) await link.close();
  }
}

function report({ scenarios, onMeasure }: Setting, measured: Measure): void {
  if (scenarios.has(measured.scenario)) onMeasure(measured);
}

async function expectHeld(hub: PeerHub, clinic: string, expected: number): Promise<void> {
  const held = await hub.held(clinic);
  if (held !== expected)
    throw new Error(`the hub holds ${held} of ${expected} events of ${clinic}`);
}

/** A clinic that takes part in a scenario, behind a link of its own. */
interface Party {
  readonly clinic: PeerClinic;
  readonly link: LabLink;
  readonly events: readonly ClinicEvent[];
}

/** Syncs every party (together, except `five-in-turn`), waits for quiet, and reads what went over the links. */
async function measure(
  scenario: ScenarioName,
  { profile, watch }: Setting,
  parties: readonly Party[],
): Promise<Measure> {
  const before = parties.map(({ link }) => link.read());
  watch.reset();
  const sync = async ({ clinic, link }: Party) => {
    await clinic.sync(link.address);
    return performance.now();
  };
  const doneMs: number[] = [];
  if (scenario === "five-in-turn") for (const party of parties) doneMs.push(await sync(party));
  else doneMs.push(...(await Promise.all(parties.map(sync))));
  for (const { link } of parties) await untilQuiet(link, profile);
  const spans = parties.map(({ link }, index) => {
    const fresh = link.read().connections.slice(before[index]?.connections.length ?? 0);
    return spanOf(fresh, doneMs[index] ?? 0);
  });
  return {
    scenario,
    corpus: sizeOf(parties.map(({ events }) => events)),
    seconds: (scenario === "five-in-turn" ? sumOfSpans(spans) : wholeSpan(spans)) / 1000,
    clinicMiB: watch.peakMiB("clinic"),
    hubMiB: watch.peakMiB("hub"),
    ...carried(parties, before),
  };
}

function carried(parties: readonly Party[], before: readonly LinkReading[]) {
  const sum = { upBytes: 0, downBytes: 0, connections: 0 };
  for (const [index, { link }] of parties.entries()) {
    const [now, then] = [link.read(), before[index]];
    sum.upBytes += now.upBytes - (then?.upBytes ?? 0);
    sum.downBytes += now.downBytes - (then?.downBytes ?? 0);
    sum.connections += now.connections.length - (then?.connections.length ?? 0);
  }
  return sum;
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** From the first SYN to the last answer, or to when the clinic was done if the hub went on talking. */
function spanOf(connections: LinkReading["connections"], doneMs: number): Span {
  if (connections.length === 0) return { startMs: doneMs, endMs: doneMs };
  const startMs = Math.min(...connections.map(({ acceptedAtMs }) => acceptedAtMs));
  const answeredMs = Math.max(...connections.map(({ answeredAtMs }) => answeredAtMs ?? startMs));
  return { startMs, endMs: Math.min(answeredMs, doneMs) };
}

function sumOfSpans(spans: readonly Span[]): number {
  return spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}

function wholeSpan(spans: readonly Span[]): number {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  return Math.max(...spans.map((span) => span.endMs)) - startMs;
}

/** Nothing has come out at either end for longer than an answer can take. */
async function untilQuiet(link: LabLink, { delayMs, jitterMs }: Profile): Promise<void> {
  const quietMs = 2 * (delayMs + jitterMs) + 500;
  let last = -1;
  let sinceMs = performance.now();
  while (performance.now() - sinceMs < quietMs) {
    const { upBytes, downBytes } = link.read();
    if (upBytes + downBytes !== last) sinceMs = performance.now();
    last = upBytes + downBytes;
    await sleep(50);
  }
}

/** Events over a connection that stays: from the first byte that goes in to the last that comes back. */
async function measureOpen(
  staying: StayingClinic,
  party: Party,
  { profile, watch }: Setting,
): Promise<Measure> {
  const { link, events } = party;
  await untilQuiet(link, profile);
  const before = link.read();
  watch.reset();
  const pushed = staying.push(events);
  const startMs = await untilOffered(link, before);
  await pushed;
  await untilAnswered(link, before);
  await untilQuiet(link, profile);
  const { endMs } = spanOf(link.read().connections, Number.POSITIVE_INFINITY);
  return {
    scenario: "open",
    corpus: sizeOf([events]),
    seconds: (endMs - startMs) / 1000,
    clinicMiB: watch.peakMiB("clinic"),
    hubMiB: watch.peakMiB("hub"),
    ...carried([party], [before]),
  };
}

/** When the clinic's side put in a byte, or opened a connection. */
async function untilOffered(link: LabLink, before: LinkReading): Promise<number> {
  for (let tries = 0; tries < 60_000; tries++) {
    const { offeredBytes, connections } = link.read();
    if (offeredBytes > before.offeredBytes || connections.length > before.connections.length)
      return performance.now();
    await sleep(2);
  }
  throw new Error("nothing went out after a push");
}

async function untilAnswered(link: LabLink, before: LinkReading): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (link.read().downBytes > before.downBytes) return;
    await sleep(20);
  }
  throw new Error("nothing came back after a push");
}
