/**
 * A promise was broken. The message names the positions; the name says which
 * promise, and the list is all that is checked, after every step or at the end.
 */
export const invariants = {
  // Safety, after every step
  "acknowledged is durable": "what a push acknowledged can be read from the disk at that moment",
  "what is durable stays":
    "an event leaves a disk only by a fault that destroys sectors, by an operator's cut, or with the card",
  "loss is named":
    "what such a fault cost is a hole, a loss, an alarm, damage, or a report of the opening",
  "damage costs what was in it":
    "one flipped bit takes no more than one event from a disk, a torn end excepted",
  "nothing unconfirmed is dropped":
    "compaction and expiry drop an author's events only when the hub holds them",
  "one payload a position":
    "never two contents for one (node, epoch, lane, seq), but in an epoch that is known to be forked",
  "only what was pushed exists":
    "no stream holds what its author's users did not push there; nobody writes in another's name",
  "nothing is delivered twice": "no node holds an event at two positions",
  "HLC rises within a stream": "strictly, at every node that holds the stream",
  "HLC never goes back":
    "each event of a node is stamped after all that it had acknowledged in that epoch, whatever its clock did",
  "an ACK means durable": "what a node acknowledges to a peer is on its disk, or settled",
  "confirmed is durable at the peer": "what a node notes as confirmed, the peer has held",
  "no clinic holds another's":
    "under `own` no stream of another, under `all` no lane addressed to another",
  "no clinic is told of another's": "no frame names a stream that its receiver may not hold",
  "nothing names another clinic":
    "under `own` no byte on the wire, and nothing that an author knew, holds another's name",
  "nothing durable is sent again":
    "no event, and no part of one, that the receiver held when the connection began",
  "a revoked node stores nothing": "at the hub, from its revocation on",
  "frames are well-formed": "every byte that an honest node sends decodes",
  "honest peers understand each other":
    "no session of two honest nodes ends by an error that only a defect can cause",
  "pushes are taken": "a push is refused only for the disk's sake",
  "the log opens": "whatever happened to its disk, unless two or more places of it were destroyed",
  "a snapshot opens clean": "also one that was taken in the middle of everything",
  "a snapshot holds what is durable": "every head of the moment when it was taken",
  "a sound log verifies": "reading everything finds nothing in a log whose disk was not damaged",
  "an acknowledged alarm is gone": "from the list of alarms, once that is durable",
  "nothing throws": "no defect shows as an exception",
  // At the end, when all faults are mended
  "everyone converges":
    "each node holds whatever it should and somebody holds; what was acknowledged and is nowhere was destroyed by a fault",
  "what is held back is told":
    "what breaks a hub's schema is held there and known to its author; readers get everything else, once",
  "a floor is told":
    "what a clinic has let go of its own, and the hub does not hold, is not awaited there any more",
  "same set, same order": "two nodes list the events that both hold in the same order",
  "runs end": "nothing goes on for ever",
} as const satisfies Readonly<Record<string, string>>;

export type InvariantName = keyof typeof invariants;

export class Violation extends Error {
  readonly invariant: InvariantName;

  constructor(invariant: InvariantName, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}
