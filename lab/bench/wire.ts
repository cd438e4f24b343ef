/**
 * What a sync costs on the wire, TLS included, counted on the TCP socket by the link
 * and not by the program itself: a backlog of 5,000 events, ten events more, and
 * nothing at all; with a full TLS handshake and with a resumed one. And how long the
 * backlog takes over 2G without a cut.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { clinicEvents, takeEvents } from "../clinic-events.ts";
import type { ClinicEvent, EventKind } from "../clinic-events.ts";
import { runOk, serve } from "../command.ts";
import type { Serving } from "../command.ts";
import { startLink } from "../link.ts";
import type { Link } from "../link.ts";
import { profileOf } from "../profiles.ts";
import { grouped } from "../stage.ts";
import { timed } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

interface Cost {
  readonly up: number;
  readonly down: number;
  readonly ms: number;
}

async function push(dir: string, events: readonly ClinicEvent[]): Promise<void> {
  const input = events.map(({ payload }) => payload).join("\n");
  await runOk(["push", dir, "--stdin", "--type", "2"], { input: `${input}\n` });
}

/** One sync over one link that is kept, since tickets are kept by address. */
async function syncOver(link: Link, dir: string): Promise<Cost> {
  const before = link.counters();
  const { ms } = await timed(() =>
    runOk(["sync", dir, "--hub", link.address, "--json"], { timeoutMs: 300_000 }),
  );
  const after = link.counters();
  return { up: after.upBytes - before.upBytes, down: after.downBytes - before.downBytes, ms };
}

/** Without its ticket the next handshake is a full one. */
function forgetTickets(dir: string): void {
  for (const name of ["tickets", join("tls", "tickets"), join("peers", "tickets")])
    rmSync(join(dir, name), { recursive: true, force: true });
}

async function addClinic(scratch: string, hub: string, name: string): Promise<string> {
  const dir = join(scratch, name);
  await runOk(["keygen", dir]);
  await runOk(["sign", join(dir, "tls", "node.csr"), "--ca", hub]);
  return dir;
}

function both({ up, down }: Cost): string {
  return `${grouped(up)} up, ${grouped(down)} down`;
}

async function measureKind(
  context: BenchContext,
  place: { readonly hub: string; readonly serving: Serving },
  kind: EventKind,
): Promise<readonly Figure[]> {
  const { stage, scratch, scale } = context;
  const count = Math.round(5000 * scale);
  const clinic = await addClinic(scratch, place.hub, `wire_${kind}`);
  const supply = clinicEvents(kind, 5);
  const backlog = takeEvents(supply, count);
  const json = Buffer.from(backlog.map(({ payload }) => payload).join("\n"));
  const link = await startLink({ to: { port: place.serving.port } });
  await push(clinic, backlog);
  const whole = await syncOver(link, clinic);
  await push(clinic, takeEvents(supply, 10));
  const resumed = await syncOver(link, clinic);
  await push(clinic, takeEvents(supply, 10));
  forgetTickets(clinic);
  const full = await syncOver(link, clinic);
  const nothing = await syncOver(link, clinic);
  forgetTickets(clinic);
  const nothingFull = await syncOver(link, clinic);
  await link.close();
  stage.note(
    `${kind}: ${grouped(count)} events of ${(json.length / count).toFixed(0)} B: ${both(whole)} ` +
      `(gzip of all JSON: ${grouped(gzipSync(json).length)}); 10 more: ${both(resumed)} resumed, ` +
      `${both(full)} full; nothing: ${both(nothing)} resumed, ${both(nothingFull)} full`,
  );
  return [
    { name: `${kind}, backlog up with a full handshake, B/event`, value: whole.up / count },
    { name: `${kind}, 10 more up, resumed, B/event`, value: resumed.up / 10 },
    { name: `${kind}, 10 more up, full handshake, B/event`, value: full.up / 10 },
    { name: `${kind}, empty sync up, resumed, B`, value: nothing.up },
    { name: `${kind}, empty sync down, resumed, B`, value: nothing.down },
    { name: `${kind}, empty sync up, full handshake, B`, value: nothingFull.up },
    { name: `${kind}, empty sync down, full handshake, B`, value: nothingFull.down },
  ];
}

/** The comparison of "What other ways cost": 5,000 visits and ten more over 2G, uncut. */
async function measureTwoG(
  context: BenchContext,
  place: { readonly hub: string; readonly serving: Serving },
): Promise<readonly Figure[]> {
  const count = Math.round(5000 * context.scale);
  const clinic = await addClinic(context.scratch, place.hub, "wire_2g");
  const supply = clinicEvents("visit", 6);
  const link = await startLink({
    ...profileOf("bhutan-2g"),
    seed: 2,
    to: { port: place.serving.port },
  });
  await push(clinic, takeEvents(supply, count));
  const whole = await syncOver(link, clinic);
  await push(clinic, takeEvents(supply, 10));
  const more = await syncOver(link, clinic);
  await link.close();
  return [
    { name: `2G, ${grouped(count)} visits, B up`, value: whole.up },
    { name: `2G, ${grouped(count)} visits, s with the command's start`, value: whole.ms / 1000 },
    { name: "2G, 10 more, B up", value: more.up },
    { name: "2G, 10 more, s with the command's start", value: more.ms / 1000 },
  ];
}

export async function wire(context: BenchContext): Promise<readonly Figure[]> {
  const hub = join(context.scratch, "wire_hub");
  await runOk(["keygen", hub, "--hub"]);
  const serving = await serve([hub]);
  const place = { hub, serving };
  const figures: Figure[] = [];
  for (const kind of ["tiny", "visit", "fhir"] as const)
    figures.push(...(await measureKind(context, place, kind)));
  figures.push(...(await measureTwoG(context, place)));
  await serving.stop();
  return figures;
}
