/**
 * One webhook at work: events in their order, each until it is taken or given up.
 *
 * Invariant: the position moves past an event only when its receiver has answered 2xx, or
 * when it is among the dead letters. So every event is delivered at least once, and
 * nothing is left out in silence. A receiver that is away is waited for without end: the
 * events wait in the log.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { HubEvent } from "../../engine/index.ts";
import { eventToJson } from "../api/event-json.ts";
import type { HubContext } from "../hub-context.ts";
import type { HeldPage } from "../stream/held-reads.ts";
import type { Tail } from "../stream/tail.ts";
import { type Answer, deliver } from "./delivery.ts";
import { backoffMs, deadLettersMax, type WebhookTiming } from "./timing.ts";
import type { DeadLetter, WebhookState } from "./webhook-state.ts";

export interface Trouble {
  /** ISO 8601 UTC. */
  readonly since: string;
  readonly attempts: number;
  readonly error: string;
}

/** Of one event, until it is taken or given up. */
interface Tries {
  id: string;
  attempts: number;
  refused: number;
  failed: number;
}

interface Done extends Pick<Answer, "text"> {
  readonly kind: "taken" | "refused" | "failed";
  readonly attempts: number;
}

interface Later {
  readonly kind: "later";
  readonly waitMs: number;
}

export interface WorkerHost {
  readonly hub: HubContext;
  readonly tail: Tail;
  readonly timing: WebhookTiming;
  /** The state has changed; `isUrgent`: nothing goes on before it is durable. */
  save(isUrgent: boolean): Promise<void>;
}

export class WebhookWorker {
  state: WebhookState;
  /** While the receiver does not take what is sent. */
  trouble: Trouble | undefined;
  private readonly host: WorkerHost;
  private readonly stopping = new AbortController();
  private wake: () => void = () => undefined;
  /** A replay came since the queue was looked at. */
  private isWoken = false;
  private tries: Tries = { id: "", attempts: 0, refused: 0, failed: 0 };
  private running: Promise<void> = Promise.resolve();

  constructor(state: WebhookState, host: WorkerHost) {
    this.state = state;
    this.host = host;
  }

  /** So many dead letters that it stands still until they are dealt with. */
  get isFull(): boolean {
    return this.state.dead.length >= deadLettersMax;
  }

  start(): void {
    this.running = this.runAgain();
  }

  /** What the log or the disk refuses for a moment is tried again: a worker ends only with its hub. */
  private async runAgain(): Promise<void> {
    const { hub, timing } = this.host;
    const { signal } = this.stopping;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await this.run();
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof Error ? error.message : String(error);
        const known = error instanceof ZamError ? error : new ZamError("Z199", { problem }, error);
        const since = this.trouble?.since ?? new Date(hub.nowMs()).toISOString();
        if (this.trouble?.error !== known.message) hub.report(known, `webhook ${this.state.id}`);
        this.trouble = { since, attempts: tries + 1, error: known.message };
        await pause(backoffMs(timing, tries), signal);
      }
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  /** Queues one dead letter, or all. How many. */
  replay(delivery: string | undefined): number {
    let count = 0;
    const dead = this.state.dead.map((letter) => {
      if (delivery !== undefined && letter.delivery !== delivery) return letter;
      count++;
      return { ...letter, isQueued: true };
    });
    this.state = { ...this.state, dead };
    this.isWoken = true;
    this.wake();
    return count;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.isWoken = false;
      const queued = this.state.dead.find(({ isQueued }) => isQueued);
      if (queued !== undefined) await this.sendAgain(queued);
      else if (this.isFull) await pause(idleMs, this.untilWoken());
      else await this.sendNext();
    }
  }

  private async sendNext(): Promise<void> {
    const page = await this.nextPage();
    let found: "sent" | "replay" | Later;
    try {
      found = await this.sendPage(page);
    } finally {
      page.release();
    }
    if (found === "replay") return;
    if (found !== "sent") return pause(found.waitMs, this.untilWoken());
    if (page.cursor !== this.state.cursor) this.move(page.cursor);
    if (page.isEnd) await this.news(page.cursor);
  }

  /** From the beginning where the position is another log's by now: nothing is left out in silence. */
  private async nextPage(): Promise<HeldPage> {
    const { node, type, cursor } = this.state;
    const query = {
      nodes: node === null ? undefined : [node],
      type: type ?? undefined,
    };
    const { hub, tail } = this.host;
    try {
      return await tail.page(cursor ?? undefined, query);
    } catch (error) {
      const isOutlived =
        error instanceof ZamError && (error.code === "Z615" || error.code === "Z621");
      if (!isOutlived) throw error;
      hub.report(error, `webhook ${this.state.id}`);
      this.state = { ...this.state, cursor: null };
      return tail.page(undefined, query);
    }
  }

  private async sendPage(page: HeldPage): Promise<"sent" | "replay" | Later> {
    for (const event of page.events) {
      const delivery = `${this.state.id}-${event.cursor}`;
      const outcome = await this.sendOne(event, delivery);
      if (outcome.kind === "later") return outcome;
      if (outcome.kind === "taken") this.countDelivered();
      else await this.bury(event, { delivery, ...outcome });
      this.move(event.cursor);
      if (this.isFull || this.state.dead.some(({ isQueued }) => isQueued)) return "replay";
    }
    return "sent";
  }

  /**
   * One try. Whoever waits for the next one holds no event meanwhile: receivers that are away for
   * days must not keep the places of the others.
   */
  private async sendOne(event: HubEvent, id: string): Promise<Done | Later> {
    const { hub, timing } = this.host;
    const { url, secret } = this.state;
    const { signal } = this.stopping;
    const body = eventToJson(event);
    const nowMs = hub.nowMs();
    const timeoutMs = timing.answerTimeoutMs;
    const answer = await deliver({ url, secret, id, body, timeoutMs, nowMs, signal });
    // Not of the receiver's doing.
    if (signal.aborted && answer.kind !== "taken") return { kind: "later", waitMs: 0 };
    if (this.tries.id !== id) this.tries = { id, attempts: 0, refused: 0, failed: 0 };
    const { tries } = this;
    const attempts = ++tries.attempts;
    const { kind, text } = answer;
    if (kind === "taken") {
      this.trouble = undefined;
      return { kind, text, attempts };
    }
    this.note(answer, attempts);
    if (kind !== "away") {
      tries[kind]++;
      if (tries.refused >= timing.refusalsMax || tries.failed >= timing.failuresMax) {
        // A replay has tries of its own.
        this.tries.id = "";
        return { kind, text, attempts };
      }
    }
    const waitMs = Math.max(backoffMs(timing, attempts - 1), answer.retryAfterMs ?? 0);
    return { kind: "later", waitMs: Math.min(waitMs, timing.backoffMaxMs) };
  }

  private note(answer: Answer, attempts: number): void {
    const { hub } = this.host;
    const { url, id } = this.state;
    const since = this.trouble?.since ?? new Date(hub.nowMs()).toISOString();
    // One line when it begins, not one a try.
    if (this.trouble === undefined)
      hub.report(new ZamError("Z425", { url: siteOf(url), reason: answer.text }), `webhook ${id}`);
    this.trouble = { since, attempts, error: answer.text };
  }

  private async bury(
    event: HubEvent,
    found: { readonly delivery: string; readonly attempts: number; readonly text: string },
  ): Promise<void> {
    const { hub } = this.host;
    const { cursor, node, epoch, lane, seq } = event;
    const { delivery, attempts, text: error } = found;
    const at = new Date(hub.nowMs()).toISOString();
    const name = { delivery, cursor, node, epoch, lane, seq };
    const letter: DeadLetter = { ...name, attempts, error, at, isQueued: false };
    this.state = { ...this.state, cursor, dead: [...this.state.dead, letter] };
    this.trouble = undefined;
    const { url, id } = this.state;
    hub.report(
      new ZamError("Z426", { url: siteOf(url), node, seq, reason: error }),
      `webhook ${id}`,
    );
    await this.saveDurably();
  }

  private async sendAgain(letter: DeadLetter): Promise<void> {
    const outcome = await this.sendByName(letter);
    if (outcome.kind === "later") return pause(outcome.waitMs, this.untilWoken());
    const rest = this.state.dead.filter(({ delivery }) => delivery !== letter.delivery);
    if (outcome.kind === "taken") {
      this.state = { ...this.state, dead: rest };
      this.countDelivered();
    } else {
      const attempts = letter.attempts + outcome.attempts;
      const kept = { ...letter, attempts, error: outcome.text, isQueued: false };
      this.state = { ...this.state, dead: [...rest, kept] };
      this.trouble = undefined;
    }
    await this.saveDurably();
  }

  private async sendByName(letter: DeadLetter): Promise<Done | Later> {
    const { event, release } = await this.host.tail.event(letter);
    try {
      if (event === undefined)
        return { kind: "refused", text: "the event is in the log no more", attempts: 0 };
      return await this.sendOne({ ...event, cursor: letter.cursor }, letter.delivery);
    } finally {
      release();
    }
  }

  private countDelivered(): void {
    this.state = { ...this.state, delivered: this.state.delivered + 1 };
  }

  private move(cursor: string): void {
    this.state = { ...this.state, cursor };
    void this.host.save(false);
  }

  private async news(seen: string): Promise<void> {
    await this.host.tail.news(seen, { timeoutMs: idleMs, signal: this.untilWoken() });
  }

  /** Aborts at a replay, also at one that came while the worker was busy, and at the stop. */
  private untilWoken(): AbortSignal {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    if (this.isWoken) woken.abort();
    return AbortSignal.any([woken.signal, this.stopping.signal]);
  }

  /** A full disk is waited for: what is not written down would be forgotten by a crash. */
  private async saveDurably(): Promise<void> {
    const { hub, timing } = this.host;
    const { signal } = this.stopping;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await this.host.save(true);
        return;
      } catch (error) {
        if (!(error instanceof ZamError)) throw error;
        if (tries === 0) hub.report(error, `webhook ${this.state.id}`);
        await pause(backoffMs(timing, tries), signal);
      }
    }
  }
}

/** How long a worker with nothing to do sleeps at a time. */
const idleMs = 60_000;

/** Resolves also when the signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Woken.
  }
}

/** Without what may be a secret in its path. */
export function siteOf(url: string): string {
  return new URL(url).origin;
}
