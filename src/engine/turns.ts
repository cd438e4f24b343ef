/** One at a time, in order of asking: syncs of one node would only fence one another. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  async run<T>(task: () => Promise<T>): Promise<T> {
    const before = this.last;
    const mine = (async () => {
      await before.catch(() => undefined);
      return task();
    })();
    this.last = mine;
    return mine;
  }

  /** Resolves when everything asked for so far is over. */
  async idle(): Promise<void> {
    await this.last.catch(() => undefined);
  }
}
