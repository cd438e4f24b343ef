/** The commands that try out the device itself, in a scratch folder: `torture` and `bench`. */
import { dataDirPositional, outputFlags } from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

export const deviceCommands = {
  torture: {
    group: "Care",
    summary: "kill, rot and fill a hub and a clinic on this very device",
    description:
      "Makes a hub and a clinic in a scratch folder below DIR (by default the current directory) and lets them " +
      "push and sync over loopback, as processes of their own with real certificates. Each round meets one " +
      "fault: kill -9 of either or both at a random moment, bits flipped in a log and healed from the peer, a " +
      "full disk for one of them. After every round, all that was acknowledged must be there. Exits 0 when it " +
      "is, 8 when it was interrupted before its time, else as the problem's code says; then the folder is kept.",
    positionals: [{ ...dataDirPositional, help: "where to put the scratch folder" }],
    flags: {
      ...outputFlags,
      dataDir: { kind: "path", metavar: "DIR", help: "where to put the scratch folder" },
      minutes: { kind: "integer", min: 1, max: 100_000, default: "5", help: "how long" },
      rounds: { kind: "integer", min: 1, help: "end after so many rounds" },
      seed: { kind: "integer", min: 0, max: 0xffffffff, help: "repeat the choices of a run" },
    },
    examples: ["zamsync torture /var/lib/zamsync --minutes 30"],
  },
  bench: {
    group: "Care",
    summary: "measure append, reopen and sync on this very device",
    description:
      "Works in a scratch folder below DIR (by default the current directory), and removes it.",
    positionals: [{ ...dataDirPositional, help: "where to put the scratch folder" }],
    flags: {
      ...outputFlags,
      dataDir: { kind: "path", metavar: "DIR", help: "where to put the scratch folder" },
      events: {
        kind: "integer",
        min: 10,
        max: 10_000_000,
        default: "20000",
        help: "how many events",
      },
      payloadBytes: {
        kind: "size",
        min: 16,
        max: 16 * 1024 * 1024,
        default: "200",
        help: "bytes an event",
      },
    },
    examples: ["zamsync bench --events 100000"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
