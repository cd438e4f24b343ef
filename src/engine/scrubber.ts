/**
 * The scrubber (RULES 18): while a node serves or runs as a daemon, all of its log is read
 * slowly in the background, so that rot is found while a peer can still heal it. Where it is
 * outlives a restart. One pass a week, at a rate that an SD card does not notice.
 */
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log, ScrubPlace, ScrubStep } from "../core/log/api.ts";
import { sleep } from "./backoff.ts";
import type { SidecarFolder } from "./peer-book.ts";

const fileName = "scrub.cursor";
const version = 1;
const stepBytes = 256 * 1024;
/** 4 MiB a second: 1 GiB in four minutes. */
const stepMs = 62;
/** A crash costs so much of a pass. */
const saveBytes = 16 * 1024 * 1024;
const passEveryMs = 7 * 86_400_000;
/** How soon it goes on once the log takes writes again: what it finds must be kept. */
const readOnlyWaitMs = 60_000;
/** Named at most; the log itself remembers all. */
const foundMax = 32;

type Found = ScrubStep["found"][number];

export interface ScrubState {
  /** Undefined between passes. */
  readonly place: ScrubPlace | undefined;
  /** When the last pass reached the end, by the wall clock; 0: none did. */
  readonly finishedMs: number;
  /** In the last pass and in the present one. */
  readonly found: readonly Found[];
}

const atBeginning: ScrubState = { place: undefined, finishedMs: 0, found: [] };

export interface ScrubbingInput {
  readonly log: Log;
  readonly folder: SidecarFolder;
  readonly wallMs: () => number;
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts, with the place saved. */
export async function scrubAlways(input: ScrubbingInput): Promise<void> {
  const { signal, wallMs, folder, log } = input;
  let state = readScrubState(folder);
  while (!signal.aborted) {
    const sinceMs = wallMs() - state.finishedMs;
    // A clock that went back does not stop it for years.
    const isDue = state.place !== undefined || sinceMs >= passEveryMs || sinceMs < 0;
    if (isDue && log.readOnlyReason !== undefined) {
      await sleep(readOnlyWaitMs, signal);
      continue;
    }
    if (isDue) state = await scrubOnce(input, state);
    const waitMs = Math.min(passEveryMs, Math.max(0, passEveryMs - (wallMs() - state.finishedMs)));
    await sleep(Math.min(waitMs + 1, 86_400_000), signal);
  }
}

/** From where it was to the end, or until the signal aborts. */
async function scrubOnce(input: ScrubbingInput, from: ScrubState): Promise<ScrubState> {
  const { log, folder, signal, wallMs } = input;
  let state: ScrubState = from.place === undefined ? { ...from, found: [] } : from;
  let unsavedBytes = 0;
  while (!signal.aborted && log.readOnlyReason === undefined) {
    const { next, bytes, found } = log.scrub(state.place, stepBytes);
    state = { ...state, place: next, found: [...state.found, ...found].slice(0, foundMax) };
    unsavedBytes += bytes;
    if (next === undefined) {
      state = { ...state, finishedMs: wallMs() };
      break;
    }
    if (unsavedBytes >= saveBytes || found.length > 0) {
      await save(folder, state);
      unsavedBytes = 0;
    }
    await sleep(stepMs, signal);
  }
  await save(folder, state);
  return state;
}

/** A file that cannot be written costs a pass again, no more. */
async function save(folder: SidecarFolder, state: ScrubState): Promise<void> {
  try {
    await folder.write(fileName, encodeScrubState(state));
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
  }
}

export function readScrubState(folder: SidecarFolder): ScrubState {
  try {
    const content = folder.read(fileName);
    return (content === undefined ? undefined : decodeScrubState(content)) ?? atBeginning;
  } catch (error) {
    if (error instanceof ZamError) return atBeginning;
    throw error;
  }
}

export function encodeScrubState({ place, finishedMs, found }: ScrubState): Uint8Array {
  const out = new ByteWriter(64);
  out.u8(version);
  out.varint(place?.segment ?? 0);
  out.varint(place?.generation ?? 0);
  out.varint(place?.offset ?? 0);
  out.varint(finishedMs);
  out.varint(found.length);
  for (const { segment, fromOffset, toOffset } of found) {
    out.varint(segment);
    out.varint(fromOffset);
    out.varint(toOffset);
  }
  return out.take();
}

export function decodeScrubState(bytes: Uint8Array): ScrubState | undefined {
  const reader = new ByteReader(bytes);
  const isKnown = reader.u8() === version;
  const place = { segment: reader.varint(), generation: reader.varint(), offset: reader.varint() };
  const finishedMs = reader.varint();
  const found: Found[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed && found.length < foundMax; left--)
    found.push({
      segment: reader.varint(),
      fromOffset: reader.varint(),
      toOffset: reader.varint(),
    });
  if (!isKnown || !reader.finished) return undefined;
  return { place: place.segment === 0 ? undefined : place, finishedMs, found };
}
