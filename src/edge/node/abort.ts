/** AbortController and AbortSignal (DOM, section 3.2), as far as the engine uses them. */
import { startTimer } from "./loop.ts";

type Listener = () => void;

class AbortError extends Error {
  override readonly name: string = "AbortError";
  readonly code: string = "ABORT_ERR";
}

class SmallAbortSignal {
  aborted = false;
  reason: unknown;
  private readonly listeners = new Set<Listener>();
  /** Signals that follow this one; weak, since a process's own signal outlives all that it is joined with. */
  private followers: WeakRef<SmallAbortSignal>[] = [];

  addEventListener(_name: "abort", listener: Listener): void {
    this.listeners.add(listener);
  }

  removeEventListener(_name: "abort", listener: Listener): void {
    this.listeners.delete(listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  fire(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const { followers } = this;
    this.followers = [];
    for (const listener of [...this.listeners]) listener();
    this.listeners.clear();
    for (const follower of followers) follower.deref()?.fire(reason);
  }

  private follow(source: SmallAbortSignal): void {
    source.followers = source.followers.filter((follower) => follower.deref() !== undefined);
    source.followers.push(new WeakRef(this));
  }

  static any(sources: readonly SmallAbortSignal[]): SmallAbortSignal {
    const signal = new SmallAbortSignal();
    const aborted = sources.find((source) => source.aborted);
    if (aborted !== undefined) signal.fire(aborted.reason);
    else for (const source of sources) signal.follow(source);
    return signal;
  }

  static timeout(delayMs: number): SmallAbortSignal {
    const signal = new SmallAbortSignal();
    startTimer(() => signal.fire(new AbortError("the time is up")), delayMs).unref();
    return signal;
  }
}

class SmallAbortController {
  readonly signal = new SmallAbortSignal();

  abort(reason: unknown = new AbortError("it was called off")): void {
    this.signal.fire(reason);
  }
}

export { SmallAbortController, SmallAbortSignal };
