/**
 * The event loop over the C host: timers, immediates and what happens to
 * connections, one thing a turn. Between two turns the host lets promises do all
 * that they have to (`host/main.c`), as between two callbacks of Node's.
 */
import { host, hostEvent } from "../host-functions.ts";

type Task = () => void;

export interface Timer {
  dueMs: number;
  /** Undefined once it was called off. */
  task: Task | undefined;
  readonly everyMs: number | undefined;
  isRef: boolean;
  ref(): Timer;
  unref(): Timer;
}

/** What `wait` tells of a connection. */
export type EventHandler = (event: number) => void;

interface Watched {
  readonly handle: EventHandler;
  isRef: boolean;
}

const waitMsMax = 60_000;

const ready: Task[] = [];
let immediates: Task[] = [];
/** In no order: there are dozens of them, and each is looked at once a wait. */
const timers = new Set<Timer>();
const watched = new Map<number, Watched>();
let onInput: Task | undefined;
let onNewcomer: (id: number, event: number) => void = () => undefined;
let onSignal: ((signal: number) => void) | undefined;
let onDefect: (error: unknown) => void = (error) => {
  throw error;
};
let idleMs = 0;

export function startTimer(task: Task, delayMs: number, everyMs?: number): Timer {
  const timer: Timer = {
    dueMs: host.steadyMs() + Math.max(1, delayMs),
    task,
    everyMs,
    isRef: true,
    ref() {
      timer.isRef = true;
      return timer;
    },
    unref() {
      timer.isRef = false;
      return timer;
    },
  };
  timers.add(timer);
  return timer;
}

export function stopTimer(timer: Timer | undefined): void {
  if (timer === undefined) return;
  timer.task = undefined;
  timers.delete(timer);
}

export function soon(task: Task): void {
  immediates.push(task);
}

/** Until `unwatch`; while one is watched, the process goes on. */
export function watch(id: number, handle: EventHandler): void {
  watched.set(id, { handle, isRef: true });
}

export function unwatch(id: number): void {
  watched.delete(id);
}

/** Whether the connection keeps the process from ending. */
export function setRef(id: number, isRef: boolean): void {
  const found = watched.get(id);
  if (found !== undefined) found.isRef = isRef;
}

/** Connections that come in have numbers that nobody watches yet. */
export function takeNewcomers(handle: (id: number, event: number) => void): void {
  onNewcomer = handle;
}

/** Standard input can be read, or has ended; undefined: it is not of interest now. */
export function watchInput(task: Task | undefined): void {
  onInput = task;
  host.watchInput(task !== undefined);
}

export function watchSignals(handle: (signal: number) => void): void {
  onSignal = handle;
  host.catchSignals();
}

/** What happens to an error that nobody caught. */
export function reportDefects(report: (error: unknown) => void): void {
  onDefect = report;
}

/** Milliseconds that were spent waiting, of all since the start. */
export function idleTimeMs(): number {
  return idleMs;
}

function isAlive(): boolean {
  if (onInput !== undefined) return true;
  for (const timer of timers) if (timer.isRef) return true;
  for (const { isRef } of watched.values()) if (isRef) return true;
  return false;
}

function fireTimers(nowMs: number): void {
  const due = [...timers].filter((timer) => timer.dueMs <= nowMs);
  due.sort((a, b) => a.dueMs - b.dueMs);
  for (const timer of due) {
    if (timer.everyMs === undefined) timers.delete(timer);
    else timer.dueMs = nowMs + timer.everyMs;
    ready.push(() => timer.task?.());
  }
}

function nextWaitMs(): number {
  if (ready.length > 0 || immediates.length > 0) return 0;
  let dueMs = Number.POSITIVE_INFINITY;
  for (const timer of timers) dueMs = Math.min(dueMs, timer.dueMs);
  return Math.max(0, Math.min(waitMsMax, dueMs - host.steadyMs()));
}

function wait(): void {
  const startMs = host.steadyMs();
  const happened = host.wait(nextWaitMs());
  idleMs += host.steadyMs() - startMs;
  for (let at = 0; at < happened.length; at += 2) {
    const id = happened[at] ?? -1;
    const event = happened[at + 1] ?? 0;
    if (event === hostEvent.signal) ready.push(() => onSignal?.(id));
    else if (event === hostEvent.input) ready.push(() => onInput?.());
    else ready.push(() => tell(id, event));
  }
}

function tell(id: number, event: number): void {
  const found = watched.get(id);
  if (found === undefined) onNewcomer(id, event);
  else found.handle(event);
}

function turn(): boolean {
  let task = ready.shift();
  if (task === undefined) {
    fireTimers(host.steadyMs());
    if (ready.length === 0 && immediates.length === 0 && !isAlive()) return false;
    wait();
    const waiting = immediates;
    immediates = [];
    for (const next of waiting) ready.push(next);
    task = ready.shift();
  }
  try {
    task?.();
  } catch (error) {
    onDefect(error);
  }
  return true;
}

host.turn = turn;
host.onRejected = (reason) => onDefect(reason);
