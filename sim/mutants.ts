/** The deliberate bugs. Each is one line that somebody could write, at a seam of the world; see mutant.ts. */
import type { Mark, StreamState } from "./mutant-log.ts";
import { wrapLog, wrapStore } from "./mutant-log.ts";
import type { Mutant } from "./mutant.ts";

const ignoring = (kind: Mark["kind"]): Mutant => ({
  log: (log) =>
    wrapLog(log, {
      mark: (mark, wallMs, durable) => {
        if (mark.kind === kind) durable();
        else log.mark(mark, wallMs, durable);
      },
    }),
});

const seeing = (change: (state: StreamState) => StreamState): Mutant => ({
  sessionLog: (log) => wrapLog(log, { stream: (index) => change(log.stream(index)) }),
});

export const mutants: Readonly<Record<string, Mutant>> = {
  "a sync of a file does nothing": { store: (store) => wrapStore(store, { fileSync: "skipped" }) },
  "a sync of a directory does nothing": {
    store: (store) => wrapStore(store, { directorySync: "skipped" }),
  },
  "a failed fsync is tried again and believed": {
    store: (store) => wrapStore(store, { fileSync: "repeated" }),
  },
  "a write that found no space is taken for done": {
    store: (store) => wrapStore(store, { write: "swallowed" }),
  },
  "a push is acknowledged before its fsync": {
    log: (log) =>
      wrapLog(log, {
        push: (events, wallMs, durable) => {
          const pushed = log.push(events, wallMs, () => undefined);
          durable();
          return pushed;
        },
      }),
  },
  "a session acknowledges before the log is durable": {
    commits: (queue) => ({
      fence: () => queue.fence(),
      add: (ticket) =>
        queue.add({
          ...ticket,
          onOutcome: (outcome) => {
            ticket.onOutcome(outcome);
            if (outcome.kind === "stored" || outcome.kind === "duplicate") ticket.onDurable();
          },
          onDurable: () => undefined,
        }),
    }),
  },
  "what arrives is acknowledged and dropped now and then": {
    log: (log) => {
      let count = 0;
      return wrapLog(log, {
        receive: (range, durable) => {
          if (++count % 20 !== 0) return log.receive(range, durable);
          durable();
          return { kind: "stored" };
        },
      });
    },
  },
  "the chain is not compared: a fork counts as a duplicate": {
    log: (log) =>
      wrapLog(log, {
        receive: (range, durable) => {
          const outcome = log.receive(range, durable);
          if (outcome.kind !== "fork") return outcome;
          durable();
          return { kind: "duplicate" };
        },
      }),
  },
  "what is missing ends one too early": seeing((state) => ({
    ...state,
    holes: state.holes.flatMap(({ from, to }) => (to > from ? [{ from, to: to - 1 }] : [])),
  })),
  "the head is told one too low": seeing((state) => ({
    ...state,
    head: state.id.lane === "urgent" ? Math.max(0, state.head - 1) : state.head,
  })),
  "the floor is forgotten": seeing((state) => {
    const { floor: _forgotten, ...rest } = state;
    return rest;
  }),
  "partial events are forgotten": seeing((state) => {
    const { partialBytes: _forgotten, ...rest } = state;
    return rest;
  }),
  "damage is cut off, with all that follows": {
    beforeOpen: (device, openForReading) => {
      for (const { segment, fromOffset } of openForReading().damages) {
        const name = `${String(segment).padStart(8, "0")}.seg`;
        const bytes = device.logStore.dump().get(name);
        if (bytes !== undefined && fromOffset >= 64)
          device.logStore.overwrite(name, bytes.subarray(0, fromOffset));
      }
    },
  },
  "an epoch goes on after a rollback, and seqs are given twice": ignoring("newEpoch"),
  "a diverged branch is not moved": ignoring("rehome"),
  "a loss is declared and not written down": ignoring("lost"),
  "what is held back is not told": {
    sessionLog: (log) => wrapLog(log, { quarantined: () => [] }),
  },
  "what a later schema lets in is not written down": ignoring("release"),
  "fresh epochs are not random": {
    crypto: (crypto) => ({
      ...crypto,
      randomBytes: (sizeBytes) =>
        sizeBytes === 4 ? Uint8Array.of(1, 2, 3, 4) : crypto.randomBytes(sizeBytes),
    }),
  },
  "a key of idempotency is forgotten": {
    log: (log) =>
      wrapLog(log, {
        push: (events, wallMs, durable) =>
          log.push(
            events.map(({ lane, type, payload }) => ({ lane, type, payload })),
            wallMs,
            durable,
          ),
      }),
  },
  "compaction asks nobody": {
    cuts: (_cuts, log) =>
      Array.from({ length: log.streamCount }, (_, index) => log.stream(index))
        .filter(({ id, head }) => id.node === log.nodeId && head > 0)
        .map(({ index, head }) => ({ index, seq: head, byOrigin: true })),
  },
  "a snapshot leaves out the segment that is being written": {
    log: (log) =>
      wrapLog(log, {
        snapshot: () => {
          const { files, made } = log.snapshot();
          return { files: files.slice(0, -1), made };
        },
      }),
  },
  "a revoked device is let in": { ignoresRevocation: true },
  "any key may write in a name": {
    sessionLog: (log) => wrapLog(log, { binding: () => undefined }),
  },
  "the hub forgets its policy": { policy: () => "all" },
  "every end is taken for a clean one": { peerState: (state) => ({ ...state, isClean: true }) },
  "the peer's state is reported saved too early": { savesLater: true },
  "confirmed heads count one too many": {
    peerState: (state) => ({
      ...state,
      confirmed: state.confirmed.map((head) => ({ ...head, seq: head.seq + 1 })),
    }),
  },
  "read events skip one": {
    sessionLog: (log) =>
      wrapLog(log, {
        readStream: (index, from, limit) => log.readStream(index, from === 7 ? 8 : from, limit),
      }),
  },
};
