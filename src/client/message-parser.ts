/** Server-sent events from text as it comes (WHATWG HTML, 9.2.6). */

export interface Message {
  /** Undefined when the message has none, or only an id. */
  readonly data: string | undefined;
  readonly event: string;
  /** The id in force after this message; undefined before the first one. */
  readonly id: string | undefined;
}

export class MessageParser {
  private rest = "";
  private data: string[] = [];
  private event = "";
  private id: string | undefined;

  /** Messages that `text` completes, in their order. Text may end anywhere, also within a line break. */
  *take(text: string): Generator<Message> {
    const whole = this.rest + text;
    // A carriage return at the end may be half of a line break.
    const end = whole.endsWith("\r") ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + whole.slice(end);
    for (const line of lines) {
      if (line !== "") this.takeLine(line);
      else yield this.finish();
    }
  }

  private takeLine(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
  }

  private finish(): Message {
    const { data, event, id } = this;
    this.data = [];
    this.event = "";
    return { data: data.length === 0 ? undefined : data.join("\n"), event: event || "message", id };
  }
}
