/** Listeners of one kind of news. One that throws is a defect, and is not hidden. */
export class Feed<News extends readonly unknown[]> {
  private readonly listeners = new Set<(...news: News) => void>();

  listen(listener: (...news: News) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(...news: News): void {
    for (const listener of this.listeners) listener(...news);
  }
}
