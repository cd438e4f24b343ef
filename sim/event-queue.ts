/**
 * Virtual time: what happens when, in an order that is decided by time and then
 * by the order of asking, never by anything else. Nothing here waits.
 */
interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

export class EventQueue {
  /** Milliseconds since the world began. */
  nowMs = 0;
  private readonly heap: Planned[] = [];
  private asked = 0;

  at(atMs: number, action: () => void): void {
    const planned = { atMs: Math.max(atMs, this.nowMs), order: this.asked++, action };
    const { heap } = this;
    heap.push(planned);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(planned, heap[parent])) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.nowMs + delayMs, action);
  }

  /** Does the next thing that is due by `untilMs`; false when there is none. */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    const first = this.heap[0];
    if (first === undefined || first.atMs > untilMs) return false;
    const last = this.heap.pop();
    if (last !== undefined && last !== first) {
      this.heap[0] = last;
      this.sink();
    }
    this.nowMs = Math.max(this.nowMs, first.atMs);
    first.action();
    return true;
  }

  private sink(): void {
    const { heap } = this;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const candidate = heap[child];
        if (candidate !== undefined && isBefore(candidate, heap[least])) least = child;
      }
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    const one = heap[a];
    const other = heap[b];
    if (one === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = one;
  }
}

function isBefore(a: Planned, b: Planned | undefined): boolean {
  if (b === undefined) return false;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
