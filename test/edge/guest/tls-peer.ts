/**
 * One end of TLS connections on the C host, which tells what happens as lines of
 * JSON. As a server it answers with the bytes that come; as a client it sends
 * "ping", and goes when the answer is there.
 *
 *     server DIR            listens, prints {"port"}, serves until SIGTERM
 *     client DIR PORT FILE  connects once; the ticket is read from and kept in FILE
 *
 * DIR holds key.pem, node.pem and ca.pem.
 */
import { bytesToHex, textToUtf8, utf8ToText } from "../../../src/core/bytes.ts";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  writeSync,
} from "../../../src/edge/node/fs.ts";
import { host, hostEvent, noTicket } from "../../../src/edge/host-functions.ts";

const [mode = "", directory = "", port = "", ticketFile = ""] = host.arguments;
const room = new Uint8Array(16 * 1024);

function readFile(path: string): Uint8Array {
  return existsSync(path) ? readFileSync(path) : noTicket;
}

function writeFile(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, "w");
  writeSync(fd, bytes);
  closeSync(fd);
}

const pem = (name: string): string => utf8ToText(readFile(`${directory}/${name}`)) ?? "";

function say(what: string, id: number): void {
  const { peer, ...facts } = host.connectionFacts(id);
  const shown = peer === null ? null : { ...peer, keyFingerprint: bytesToHex(peer.keyFingerprint) };
  host.print(1, `${JSON.stringify({ what, ...facts, peer: shown })}\n`);
}

const isServer = mode === "server";
const context = host.tlsContext(
  isServer,
  pem("key.pem"),
  pem("node.pem"),
  pem("ca.pem"),
  new Uint8Array(32).fill(7),
);
if (context === null) throw new Error("the credentials cannot be read");

/** True when there is nothing left to do. */
function onEvent(id: number, event: number): boolean {
  switch (event) {
    case hostEvent.accepted:
      host.secure(id, Number(context), noTicket);
      return false;
    case hostEvent.connected:
      host.secure(id, Number(context), readFile(ticketFile));
      return false;
    case hostEvent.secured:
      say("secured", id);
      host.setReading(id, true);
      if (!isServer) host.write(id, textToUtf8("ping"));
      return false;
    case hostEvent.readable:
      return isServer ? echo(id) : takeAnswer(id);
    case hostEvent.ended:
      say("ended", id);
      host.release(id);
      return !isServer;
    case hostEvent.signal:
      return true;
    default:
      return false;
  }
}

function echo(id: number): boolean {
  const count = host.read(id, room);
  if (count > 0) host.write(id, room.subarray(0, count));
  if (count < 0) host.closeGently(id);
  return false;
}

function takeAnswer(id: number): boolean {
  const count = host.read(id, room);
  const ticket = host.ticket(id);
  if (ticket !== null) writeFile(ticketFile, ticket);
  if (count === 0) return false;
  if (count > 0) say(`answer ${utf8ToText(room.subarray(0, count)) ?? ""}`, id);
  if (count > 0) host.closeGently(id);
  return false;
}

host.catchSignals();
if (isServer) {
  const listener = host.listen("127.0.0.1", "0");
  if (typeof listener === "string") throw new Error(listener);
  host.setReading(listener, true);
  host.print(1, `${JSON.stringify({ port: host.localPort(listener) })}\n`);
} else {
  host.connect("127.0.0.1", port);
}
for (let isOver = false; !isOver; ) {
  const happened = host.wait(60_000);
  for (let at = 0; at < happened.length && !isOver; at += 2)
    isOver = onEvent(happened[at] ?? -1, happened[at + 1] ?? 0);
}
