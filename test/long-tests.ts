/**
 * Core's tests that go through thousands of states (a cut at every byte, a crash at every call), or
 * long histories: seconds on Node, minutes on QuickJS, and what they lean on is in the others as
 * well. Runs that go over core's tests many times, or slowly, leave them out.
 */
export const longTests: Readonly<Record<string, readonly string[]>> = {
  "src/core/codec/batch-codec.test.ts": [
    "codec 2 gives back every payload byte for byte, whatever it is",
    "codec 2 makes records of a few shapes much smaller",
    "codec 2 leaves bytes without pattern at their size",
    "codec 2 primed with the same events starts where the other end does",
    "codec 2 takes bounded steps over garbage",
    "codec 3 gives back every payload byte for byte, whatever it is",
    "codec 3 makes records of a few shapes much smaller",
    "codec 3 leaves bytes without pattern at their size",
    "codec 3 primed with the same events starts where the other end does",
    "codec 3 takes bounded steps over garbage",
    "codec 4 gives back every payload byte for byte, whatever it is",
    "codec 4 makes records of a few shapes much smaller",
    "codec 4 leaves bytes without pattern at their size",
    "codec 4 primed with the same events starts where the other end does",
    "codec 4 takes bounded steps over garbage",
    "codec 5 gives back every payload byte for byte, whatever it is",
    "codec 5 makes records of a few shapes much smaller",
    "codec 5 leaves bytes without pattern at their size",
    "codec 5 primed with the same events starts where the other end does",
    "codec 5 takes bounded steps over garbage",
  ],
  "src/core/session/batch.test.ts": [
    "a node of the version before exchanges rows with one of this version, whichever calls",
    "a forced level is used as far as the peer reads it",
    "history that the receiver has not is answered with NO_WINDOW, and all arrives once",
    "ten events more cost little, in both directions and in the first flight",
    "large events and small ones share a direction",
  ],
  "src/core/log/awaited-room.test.ts": [
    "loses nothing at whatever byte an attempt finds the disk full, nor by a crash after it",
    "never uses a seq again that a peer has confirmed, however little room there is",
  ],
  "src/core/log/alias-damage.test.ts": [
    "any flipped bit in a definition of a derived stream's alias keeps its branch re-homed, after a close",
    "any flipped bit in a definition of a derived stream's alias keeps its branch re-homed, after a power cut",
    "any flipped bit in a definition of a stream that only a floor names keeps the floor, after a close",
    "any flipped bit in a definition of a stream that only a floor names keeps the floor, after a power cut",
  ],
  "src/core/log/crash.test.ts": [
    "nothing acknowledged is lost when the power is cut at any call",
    "a kill at any call keeps what the process had written, and what was acknowledged",
  ],
  "src/core/log/damage.test.ts": [
    "any flipped bit in an encrypted log leaves all but a named hole",
    "any flipped bit in a plaintext log leaves all but a named hole",
  ],
  "src/core/log/faults.test.ts": [
    "a disk that fills at any byte of a push gives an error, and the same push works once there is room",
    "a file that the disk will not open for a moment is refused by name, and is no damage",
  ],
  "src/core/log/model.test.ts": [
    "whatever happens in whatever order, what was acknowledged is there, once",
  ],
  "src/core/log/reclaim.test.ts": ["the power is cut at every call of a cut and its clearing away"],
  "src/core/log/rekey.test.ts": [
    "a sync that fails anywhere in a rekey costs no event",
    "the power is cut at every call of a rekey, and of the one that goes on with it",
  ],
  "src/core/log/rot-anywhere.test.ts": [
    "rot in any record of an encrypted log costs what it held, is named, and heals",
  ],
  "src/core/session/fork.test.ts": [
    "a card restored at 1 of 200 with 3 new events keeps both branches on both nodes",
    "a card restored at 150 of 200 with 100 new events keeps both branches on both nodes",
    "a card restored at 400 of 401 with 400 new events keeps both branches on both nodes",
    "random pushes, cuts, restored cards and clones: every event that any node holds ends on all, and no seq twice",
  ],
  "src/core/session/heal.test.ts": [
    "a card with hundreds of holes is healed, whatever the limit of a vector",
  ],
  "src/core/session/hostile.test.ts": [
    "a session whose bytes are changed in transit ends on both sides, with a code and no wrong event",
  ],
  "src/core/session/live.test.ts": [
    "a crash at any moment never makes durable events go again",
    "an idle sync costs the same with 3 streams and with 1,500",
  ],
  "src/core/session/resume.test.ts": [
    "random logs, random cuts, both directions: always converges, nothing durable goes twice",
    "500 events cross 600 ms one way at 30 KB/s, and 2.5 s round trips at 3 KB/s, at the first try",
  ],
  "src/core/session/session.test.ts": [
    "urgent events overtake a backlog, also ones that come in mid-session",
  ],
};
