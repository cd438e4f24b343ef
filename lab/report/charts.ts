/**
 * What the report shows, as data: which charts, their rows in order, and the words at
 * each bar. Pure, so that a test can read it without a browser.
 */
import type { EventKind } from "../clinic-events.ts";
import type { Figure, LabResult } from "../lab-run.ts";
import type { ScenarioName } from "../scenarios.ts";
import { grouped } from "../stage.ts";

export interface ChartRow {
  readonly label: string;
  readonly value: number;
  /** The value with its unit, and what it is compared with. */
  readonly text: string;
  /** Ours, another's, or a yardstick that no peer can be. */
  readonly role: "own" | "other" | "yardstick";
}

export interface Chart {
  readonly title: string;
  /** What a bar's length means. */
  readonly unit: string;
  readonly note?: string;
  readonly rows: readonly ChartRow[];
}

/** Everything about one kind of events on one link. */
export interface Part {
  readonly profile: string;
  readonly kind: EventKind;
  readonly figures: readonly Figure[];
  readonly charts: readonly Chart[];
}

export function partsOf(result: LabResult): readonly Part[] {
  const parts: Part[] = [];
  for (const profile of Object.keys(result.profiles)) {
    for (const kind of new Set(result.figures.map((figure) => figure.kind))) {
      const figures = result.figures.filter(
        (figure) => figure.profile === profile && figure.kind === kind,
      );
      if (figures.length > 0)
        parts.push({ profile, kind, figures, charts: chartsOf(result, figures) });
    }
  }
  return parts;
}

export function bytesOf({ upBytes, downBytes }: Figure): number {
  return upBytes + downBytes;
}

export function isOwn(peer: string): boolean {
  return peer.startsWith("zamsync");
}

/** The peer, not ours, that moved the fewest bytes. */
export function bestOther(figures: readonly Figure[], scenario: ScenarioName): Figure | undefined {
  return figures
    .filter((figure) => figure.scenario === scenario && !isOwn(figure.peer))
    .sort((a, b) => bytesOf(a) - bytesOf(b))[0];
}

interface ChartPlan {
  readonly title: string;
  readonly unit: string;
  readonly note?: string;
  readonly scenario: ScenarioName;
  readonly value: (figure: Figure) => number;
  readonly text: (figure: Figure) => string;
  /** A bar that nobody can beat, or that everybody should. */
  readonly yardstick?: (figure: Figure) => ChartRow | undefined;
}

const mebibytes = (value: number) => `${grouped(value)} MiB`;
const seconds = (value: number) => `${grouped(value, 1)} s`;
const bytes = (value: number) => `${grouped(value)} B`;

/** `xz -9e` of the same events, with nothing around them. */
function xzRow({ corpus }: Figure, isEach: boolean): ChartRow | undefined {
  if (corpus.xzBytes === undefined || corpus.events === 0) return undefined;
  const each = corpus.xzBytes / corpus.events;
  return {
    label: "xz -9e, payloads alone",
    value: isEach ? each : corpus.xzBytes,
    text: isEach ? `${each.toFixed(1)} B` : bytes(corpus.xzBytes),
    role: "yardstick",
  };
}

function plansFor(figures: readonly Figure[]): readonly ChartPlan[] {
  const count = (scenario: ScenarioName) =>
    grouped(figures.find((figure) => figure.scenario === scenario)?.corpus.events ?? 0);
  const ratio = (figure: Figure) => {
    const best = bestOther(figures, figure.scenario);
    if (best === undefined || best.peer === figure.peer) return "";
    return `, ${(bytesOf(figure) / bytesOf(best)).toFixed(2)} × best other`;
  };
  const each = (figure: Figure) => bytesOf(figure) / figure.corpus.events;
  return [
    {
      title: `First contact: ${count("backlog")} events`,
      unit: "bytes, both directions",
      scenario: "backlog",
      value: bytesOf,
      text: (figure) => `${bytes(bytesOf(figure))}${isOwn(figure.peer) ? ratio(figure) : ""}`,
      yardstick: (figure) => xzRow(figure, false),
    },
    {
      title: "Time for first contact",
      unit: "seconds, SYN to last acknowledgement",
      scenario: "backlog",
      value: (figure) => figure.seconds,
      text: (figure) => seconds(figure.seconds),
    },
    {
      title: "First contact, by the event",
      unit: "bytes an event, both directions, everything counted",
      scenario: "backlog",
      value: each,
      text: (figure) =>
        `${each(figure).toFixed(1)} B, raw ÷ ${(figure.corpus.rawBytes / bytesOf(figure)).toFixed(1)}`,
      yardstick: (figure) => xzRow(figure, true),
    },
    {
      title: `${count("more")} events more, new connection`,
      unit: "bytes, both directions, handshake included",
      scenario: "more",
      value: bytesOf,
      text: (figure) => `${bytes(bytesOf(figure))}, ${seconds(figure.seconds)}`,
      yardstick: (figure) => xzRow(figure, false),
    },
    {
      title: `${count("open")} events more, connection still open`,
      unit: "bytes, both directions",
      note: "rsync and git know no connection that stays.",
      scenario: "open",
      value: bytesOf,
      text: (figure) => `${bytes(bytesOf(figure))}, ${seconds(figure.seconds)}`,
      yardstick: (figure) => xzRow(figure, false),
    },
    {
      title: "Nothing to do, new connection",
      unit: "bytes, both directions",
      scenario: "nothing",
      value: bytesOf,
      text: (figure) => `${bytes(bytesOf(figure))}, ${seconds(figure.seconds)}`,
    },
    {
      title: "What a cut costs: bytes carried again",
      unit: "bytes delivered, over the same without a cut",
      note: "Cut once when half had arrived. Bytes on their way at that moment are lost whoever sent them; they stand apart, in brackets.",
      scenario: "cut",
      value: (figure) => Math.max(0, figure.cut?.extraBytes ?? 0),
      text: ({ cut }) => `${bytes(cut?.extraBytes ?? 0)} (${bytes(cut?.lostBytes ?? 0)} lost)`,
    },
    {
      title: "What a cut costs: time",
      unit: "seconds over the uncut run, without the time the link was down",
      scenario: "cut",
      value: (figure) => Math.max(0, figure.cut?.extraSeconds ?? 0),
      text: ({ cut }) => seconds(cut?.extraSeconds ?? 0),
    },
    {
      title: "Five clinics at once, each behind its own link",
      unit: "seconds until the last is done",
      scenario: "five-at-once",
      value: (figure) => figure.seconds,
      text: (figure) => `${seconds(figure.seconds)}, ${bytes(bytesOf(figure))}`,
    },
    {
      title: "The same five, one after the other",
      unit: "seconds, added up",
      scenario: "five-in-turn",
      value: (figure) => figure.seconds,
      text: (figure) => `${seconds(figure.seconds)}, ${bytes(bytesOf(figure))}`,
    },
    {
      title: "Memory of the clinic's process",
      unit: "MiB resident, peak of the largest process, first contact",
      scenario: "backlog",
      value: (figure) => figure.clinicMiB,
      text: (figure) => mebibytes(figure.clinicMiB),
    },
    {
      title: "Memory of the hub's process",
      unit: "MiB resident, peak of the largest process, five at once",
      scenario: "five-at-once",
      value: (figure) => figure.hubMiB,
      text: (figure) => mebibytes(figure.hubMiB),
    },
  ];
}

function chartsOf(result: LabResult, figures: readonly Figure[]): readonly Chart[] {
  const titles = new Map(result.peers.map(({ name, title }) => [name, title]));
  const charts: Chart[] = [];
  for (const plan of plansFor(figures)) {
    const shown = figures.filter(({ scenario }) => scenario === plan.scenario);
    const [first] = shown;
    if (first === undefined || shown.every((figure) => plan.value(figure) === 0)) continue;
    const rows = shown
      .map((figure): ChartRow => {
        const role = isOwn(figure.peer) ? "own" : "other";
        const label = titles.get(figure.peer) ?? figure.peer;
        return { label, value: plan.value(figure), text: plan.text(figure), role };
      })
      .sort((a, b) => a.value - b.value);
    const yardstick = plan.yardstick?.(first);
    charts.push({
      title: plan.title,
      unit: plan.unit,
      ...(plan.note === undefined ? {} : { note: plan.note }),
      rows: yardstick === undefined ? rows : [yardstick, ...rows],
    });
  }
  return charts;
}
