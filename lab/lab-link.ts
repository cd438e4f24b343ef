/**
 * The link that the lab's scenarios run over: the emulator, or the real Toxiproxy
 * between two taps of the emulator that only count.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startLink } from "./link.ts";
import type { DeadlyCut, Link } from "./link.ts";
import type { Profile } from "./profiles.ts";
import { startToxiproxy } from "./toxiproxy.ts";

/** What a link has carried so far. */
export interface LinkReading {
  /** Bytes that came out at the far ends. */
  readonly upBytes: number;
  readonly downBytes: number;
  /** Bytes that went in, and that a cut kept from coming out. */
  readonly lostBytes: number;
  /** Bytes that the clinic's side has put in. */
  readonly offeredBytes: number;
  /** When each connection was accepted, and when its latest byte came back (`performance.now()`). */
  readonly connections: readonly {
    readonly acceptedAtMs: number;
    readonly answeredAtMs: number | undefined;
  }[];
}

export interface LabLink {
  /** For the clinic to connect to. */
  readonly address: string;
  read(): LinkReading;
  /** Cuts the link once, when so many bytes have come out at the hub, and for so long. */
  cutOnce(plan: {
    readonly afterUpBytes: number;
    readonly downMs: number;
    readonly mode: DeadlyCut;
  }): void;
  /** How often it was cut. */
  cuts(): number;
  close(): Promise<void>;
}

export interface LinkFactory {
  /** For the report. */
  readonly title: string;
  open(toPort: number, profile: Profile, seed: number): Promise<LabLink>;
  close(): Promise<void>;
}

export const emulator: LinkFactory = {
  title: "the lab's own link emulator (lab/link.ts)",
  async open(toPort, profile, seed) {
    const link = await startLink({ ...profile, to: { port: toPort }, seed });
    let isCut = false;
    return {
      address: link.address,
      read: () => readingOf(link),
      cutOnce({ afterUpBytes, downMs, mode }) {
        isCut = true;
        link.setCutPlan({ afterBytes: afterUpBytes, direction: "up", scope: "link", mode, downMs });
      },
      cuts: () => (isCut && link.counters().cuts > 0 ? 1 : 0),
      close: () => link.close(),
    };
  },
  close: async () => {},
};

function readingOf(link: Link): LinkReading {
  const { upBytes, downBytes, lostBytes, connections } = link.counters();
  const offeredBytes = connections.reduce((sum, { upOfferedBytes }) => sum + upOfferedBytes, 0);
  return { upBytes, downBytes, lostBytes, offeredBytes, connections };
}

/** The real thing, or why it cannot be had here. */
export async function toxiproxyLinks(): Promise<LinkFactory | { readonly missing: string }> {
  const toxiproxy = await startToxiproxy();
  if ("missing" in toxiproxy) return toxiproxy;
  return {
    title: `Toxiproxy ${toxiproxy.version}: toxics latency and bandwidth both ways, disabled for a cut`,
    async open(toPort, profile) {
      const hubTap = await startLink({ to: { port: toPort } });
      const proxy = await toxiproxy.openProxy(hubTap.address, profile);
      const clinicTap = await startLink({ to: { port: proxy.port } });
      let cuts = 0;
      let isClosed = false;
      const cutWhen = async (afterUpBytes: number, downMs: number) => {
        while (hubTap.counters().upBytes < afterUpBytes) {
          if (isClosed) return;
          await sleep(10);
        }
        cuts++;
        await proxy.setEnabled(false);
        await sleep(downMs);
        await proxy.setEnabled(true);
      };
      return {
        address: clinicTap.address,
        read: () => readingBetween(readingOf(clinicTap), readingOf(hubTap)),
        cutOnce({ afterUpBytes, downMs }) {
          const before = hubTap.counters().upBytes;
          void cutWhen(before + afterUpBytes, downMs);
        },
        cuts: () => cuts,
        async close() {
          isClosed = true;
          await clinicTap.close();
          await hubTap.close();
        },
      };
    },
    close: () => toxiproxy.close(),
  };
}

/** What both taps together say: out at one, and in at the other. */
function readingBetween(clinic: LinkReading, hub: LinkReading): LinkReading {
  return {
    upBytes: hub.upBytes,
    downBytes: clinic.downBytes,
    lostBytes: clinic.upBytes - hub.upBytes + (hub.downBytes - clinic.downBytes),
    offeredBytes: clinic.offeredBytes,
    connections: clinic.connections,
  };
}
