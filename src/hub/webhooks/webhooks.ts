/** All webhooks of a hub: their state in one sidecar, their workers, and what a person may do with them. */
import { randomBytes } from "node:crypto";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { HubContext } from "../hub-context.ts";
import { isLoopback } from "../http/bind-policy.ts";
import { Tail } from "../stream/tail.ts";
import { secretPrefix } from "./delivery.ts";
import { webhooksMax, webhookTiming, type WebhookTiming } from "./timing.ts";
import { decodeWebhooks, encodeWebhooks, type WebhookState } from "./webhook-state.ts";
import { WebhookWorker } from "./webhook-worker.ts";

const fileName = "webhooks";

export interface NewWebhook {
  readonly url: string;
  readonly label?: string;
  readonly node?: string;
  readonly type?: number;
  /** Default "now". */
  readonly from?: "now" | "beginning";
  /** Plain HTTP beyond this machine shows events to whoever is on the way. */
  readonly allowPlaintext?: boolean;
}

export class Webhooks {
  private readonly hub: HubContext;
  private readonly timing: WebhookTiming;
  private readonly tail: Tail;
  private readonly workers = new Map<string, WebhookWorker>();
  private problem: ZamError | undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  /**
   * What is kept and cannot be read stops the webhooks, and nothing else: they do not go on
   * from a guess, and clinics go on syncing.
   */
  constructor(hub: HubContext, timing: WebhookTiming = webhookTiming) {
    this.hub = hub;
    this.timing = timing;
    this.tail = new Tail(hub.node);
    try {
      const bytes = hub.node.sidecars.read(fileName);
      const hooks = bytes === undefined ? [] : decodeWebhooks(bytes);
      if (hooks === undefined)
        throw new ZamError("Z212", { path: fileName, problem: "another version wrote it" });
      for (const state of hooks) this.add(state).start();
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      this.problem = error;
      hub.report(error, "webhooks");
    }
  }

  /** @throws ZamError Z2xx why there are none, though there may have been some */
  requireReadable(): void {
    if (this.problem !== undefined) throw this.problem;
  }

  get list(): readonly WebhookWorker[] {
    return [...this.workers.values()];
  }

  /** Durable when it resolves. @throws ZamError Z616, Z617 */
  async create(input: NewWebhook): Promise<WebhookState> {
    requireUsableUrl(input);
    if (this.workers.size >= webhooksMax) throw new ZamError("Z617", { max: webhooksMax });
    const worker = this.add({
      id: randomBytes(6).toString("hex"),
      label: input.label ?? "",
      url: input.url,
      secret: secretPrefix + randomBytes(32).toString("base64"),
      node: input.node ?? null,
      type: input.type ?? null,
      createdAt: new Date(this.hub.nowMs()).toISOString(),
      cursor: input.from === "beginning" ? null : this.hub.node.newestCursor(),
      delivered: 0,
      dead: [],
    });
    const { state } = worker;
    try {
      await this.save(true);
    } catch (error) {
      this.workers.delete(state.id);
      throw error;
    }
    worker.start();
    return state;
  }

  /** @throws ZamError Z618 */
  find(id: string): WebhookWorker {
    const worker = this.workers.get(id);
    if (worker === undefined) throw new ZamError("Z618", { id: id.slice(0, 64) });
    return worker;
  }

  /** Durable when it resolves; else it goes on as before. @throws ZamError Z618, and why it cannot be written down */
  async remove(id: string): Promise<void> {
    const worker = this.find(id);
    await worker.stop();
    this.workers.delete(id);
    try {
      await this.save(true);
    } catch (error) {
      this.add(worker.state).start();
      throw error;
    }
  }

  /** Durable when it resolves; how many are queued. @throws ZamError Z618, Z619 */
  async replay(id: string, delivery: string | undefined): Promise<number> {
    const count = this.find(id).replay(delivery);
    if (count === 0 && delivery !== undefined)
      throw new ZamError("Z619", { delivery: delivery.slice(0, 64) });
    await this.save(true);
    return count;
  }

  async close(): Promise<void> {
    await Promise.all(this.list.map((worker) => worker.stop()));
    if (this.problem !== undefined || this.list.length === 0) return;
    try {
      await this.save(true);
    } catch (error) {
      // A position that is not written down is a repeat, and no reason not to stop.
      if (!(error instanceof ZamError)) throw error;
      this.hub.report(error, "webhooks");
    }
  }

  private add(state: WebhookState): WebhookWorker {
    const { hub, timing, tail } = this;
    const save = (isUrgent: boolean): Promise<void> => this.save(isUrgent);
    const worker = new WebhookWorker(state, { hub, timing, tail, save });
    this.workers.set(state.id, worker);
    return worker;
  }

  /** Positions are written together a moment later; what must not be forgotten, at once. */
  private async save(isUrgent: boolean): Promise<void> {
    if (!isUrgent) {
      this.timer ??= setTimeout(() => {
        // What a full disk keeps from being written is written with the next position.
        this.save(true).catch((error: unknown) => {
          if (error instanceof ZamError) this.hub.report(error, "webhooks");
          else throw error;
        });
      }, this.timing.saveMs);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    const write = (): Promise<void> =>
      this.hub.node.sidecars.write(fileName, encodeWebhooks(this.list.map(({ state }) => state)));
    this.writing = this.writing.then(write, write);
    await this.writing;
  }
}

/** @throws ZamError Z616 */
function requireUsableUrl({ url, allowPlaintext }: NewWebhook): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const refuse = (reason: string): never => {
    throw new ZamError("Z616", { url: url.slice(0, 100), reason });
  };
  if (parsed === undefined || (parsed.protocol !== "https:" && parsed.protocol !== "http:"))
    return refuse("it is no http or https URL");
  if (parsed.username !== "" || parsed.password !== "") return refuse("it holds a password");
  const isNear = isLoopback(parsed.hostname.replace(/^\[|\]$/g, ""));
  if (parsed.protocol === "http:" && !isNear && allowPlaintext !== true)
    refuse("events would cross the network in plain text");
}
