/** Server-sent events from a body that is read as it comes: `EventSource` cannot send a token. */

/** What is longer was not sent by a hub: 10,000 clinics take about 8 MB. */
const eventCharactersMax = 64 * 1024 * 1024;

/** Cuts text, in whatever pieces it comes, into the data of the events of one name. */
export function createEventReader(
  name: string,
  onData: (data: string) => void,
): (text: string) => void {
  let rest = "";
  return (text) => {
    rest += text;
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const lines = rest.slice(0, end).split("\n");
      rest = rest.slice(end + 2);
      const data = lines
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).replace(/^ /, ""))
        .join("\n");
      if (data !== "" && lines.indexOf(`event: ${name}`) >= 0) onData(data);
    }
    if (rest.length > eventCharactersMax) throw new Error("the hub sent an event without end");
  };
}

/** Resolves when the body ends. */
export async function streamText(
  body: ReadableStream<Uint8Array>,
  name: string,
  onData: (data: string) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const take = createEventReader(name, onData);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    take(decoder.decode(value, { stream: true }));
  }
}
