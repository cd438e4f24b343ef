/** node:events, as far as sockets use it. */

// biome-ignore lint/suspicious/noExplicitAny: listeners take what their event brings
type Listener = (...values: any[]) => void;

export class Emitter {
  private readonly listeners = new Map<string, { call: Listener; isOnce: boolean }[]>();

  on(name: string, call: Listener): this {
    return this.add(name, call, false);
  }

  once(name: string, call: Listener): this {
    return this.add(name, call, true);
  }

  off(name: string, call: Listener): this {
    const kept = this.listeners.get(name)?.filter((entry) => entry.call !== call) ?? [];
    this.listeners.set(name, kept);
    return this;
  }

  /** Unlike Node's, an "error" that nobody listens to is no defect: its "close" follows. */
  emit(name: string, ...values: unknown[]): void {
    const entries = this.listeners.get(name);
    if (entries === undefined) return;
    for (const entry of [...entries]) {
      if (entry.isOnce) this.off(name, entry.call);
      entry.call(...values);
    }
  }

  protected hasListener(name: string): boolean {
    return (this.listeners.get(name)?.length ?? 0) > 0;
  }

  protected added(_name: string): void {
    // For who must know what is listened to.
  }

  private add(name: string, call: Listener, isOnce: boolean): this {
    const entries = this.listeners.get(name);
    if (entries === undefined) this.listeners.set(name, [{ call, isOnce }]);
    else entries.push({ call, isOnce });
    this.added(name);
    return this;
  }
}
