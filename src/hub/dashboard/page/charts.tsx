/** Events, bytes and durations over the last day or month, from the hub's history. */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { type Bucket, getHistory, type HistoryAnswer, type Range } from "./api.ts";
import { counted, grouped } from "../../../core/counted.ts";
import { bytes, clock, date, duration, moment } from "./format.ts";
import { usePolled } from "./polled.ts";

const dayMs = 86_400_000;
const spans: Record<Range, number> = { day: dayMs, month: 30 * dayMs };
const rangeWords: Record<Range, string> = { day: "24 hours", month: "30 days" };

interface Line {
  label: string;
  of: (bucket: Bucket) => number;
}

interface Chart {
  title: string;
  lines: readonly [Line, Line];
  text: (value: number) => string;
  /** Distances between the lines of the scale; by default round decimal ones. */
  steps?: number[];
  summary: (buckets: readonly Bucket[]) => string;
}

const sum = (buckets: readonly Bucket[], of: (bucket: Bucket) => number): number =>
  buckets.reduce((total, bucket) => total + of(bucket), 0);

const charts: readonly Chart[] = [
  {
    title: "Events",
    lines: [
      { label: "received", of: (bucket) => bucket.eventsReceived },
      { label: "sent", of: (bucket) => bucket.eventsSent },
    ],
    text: grouped,
    steps: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
    summary: (all) =>
      `${counted(
        sum(all, (b) => b.eventsReceived),
        "event",
      )} received, ${grouped(sum(all, (b) => b.eventsSent))} sent`,
  },
  {
    title: "Data on the link",
    lines: [
      { label: "received", of: (bucket) => bucket.bytesReceived },
      { label: "sent", of: (bucket) => bucket.bytesSent },
    ],
    text: bytes,
    steps: Array.from({ length: 44 }, (_, power) => 2 ** power),
    summary: (all) =>
      `${bytes(sum(all, (b) => b.bytesReceived))} received, ${bytes(sum(all, (b) => b.bytesSent))} sent`,
  },
  {
    title: "Duration of a sync",
    lines: [
      { label: "on average", of: (b) => (b.syncs === 0 ? 0 : b.durationMs / b.syncs) },
      { label: "longest", of: (bucket) => bucket.durationMaxMs },
    ],
    text: duration,
    steps: [100, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 144e5],
    summary: (all) => {
      const failures = sum(all, (b) => b.failures);
      return `${counted(
        sum(all, (b) => b.syncs),
        "sync",
      )}, ${failures === 0 ? "none" : grouped(failures)} failed`;
    },
  },
];

export function Charts({ node, syncs }: { node?: string; syncs: number }) {
  const [range, setRange] = useState<Range>("day");
  const answer = usePolled(`${range} ${node}`, syncs, () => getHistory(range, node));
  return (
    <section aria-labelledby="charts-title">
      <div class="section-head">
        <h2 id="charts-title">Over time</h2>
        <fieldset class="ranges">
          <legend>Range of the charts</legend>
          {(["day", "month"] as const).map((of) => (
            <button type="button" key={of} aria-pressed={range === of} onClick={() => setRange(of)}>
              {rangeWords[of]}
            </button>
          ))}
        </fieldset>
      </div>
      <div class="charts">
        {charts.map((chart) => (
          <figure key={chart.title} data-chart={chart.title}>
            <figcaption>
              <strong>{chart.title}</strong>
              <span class="caption">
                {answer === undefined ? "…" : chart.summary(answer.buckets)}
              </span>
            </figcaption>
            {answer === undefined ? (
              <div class="plot" />
            ) : (
              <Plot chart={chart} answer={answer} range={range} />
            )}
          </figure>
        ))}
      </div>
      {answer !== undefined && (
        <p class="fine">
          Counted since {moment(Date.parse(answer.since))}. Times are those of this browser.
        </p>
      )}
    </section>
  );
}

/** Every stretch of the range, also those in which nothing happened. */
export function toColumns(answer: HistoryAnswer, range: Range, lines: readonly Line[]): number[][] {
  const { widthMs } = answer;
  const nowMs = Date.parse(answer.now);
  const byStart = new Map(answer.buckets.map((bucket) => [bucket.fromMs, bucket]));
  const columns: number[][] = [[], ...lines.map(() => [])];
  const first = Math.floor((nowMs - spans[range]) / widthMs) + 1;
  for (let stretch = first; stretch <= Math.floor(nowMs / widthMs); stretch++) {
    const bucket = byStart.get(stretch * widthMs);
    columns[0]?.push((stretch * widthMs) / 1000);
    lines.forEach((line, at) => {
      columns[at + 1]?.push(bucket === undefined ? 0 : line.of(bucket));
    });
  }
  return columns;
}

function Plot({ chart, answer, range }: { chart: Chart; answer: HistoryAnswer; range: Range }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const columns = toColumns(answer, range, chart.lines) as uPlot.AlignedData;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(chart, range, element), columns, element);
    };
    const resize = (): void =>
      plot.current?.setSize({ width: element.clientWidth, height: plotHeight });
    draw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    window.addEventListener("resize", resize);
    scheme.addListener(draw);
    return () => {
      window.removeEventListener("resize", resize);
      scheme.removeListener(draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [chart, range]);
  useEffect(() => plot.current?.setData(columns), [answer]);
  const [first, second] = chart.lines;
  return (
    <div>
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={`${chart.title}, last ${rangeWords[range]}: ${chart.summary(answer.buckets)}`}
      />
      <p class="key" aria-hidden="true">
        <span class="solid">{first.label}</span>
        <span class="dashed">{second.label}</span>
      </p>
    </div>
  );
}

const plotHeight = 150;

function optionsFor(chart: Chart, range: Range, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = "12px system-ui, sans-serif";
  const axis = { stroke: colour("--soft"), font, ticks: { show: false } };
  const grid = { stroke: colour("--line"), width: 1 };
  const [first, second] = chart.lines;
  const value = (_: uPlot, of: number | null): string => (of === null ? "" : chart.text(of));
  return {
    width: element.clientWidth,
    height: plotHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 56,
        size: 28,
        values: (_, ticks) =>
          ticks.map((s) => (range === "day" ? clock(s * 1000) : date(s * 1000))),
      },
      {
        ...axis,
        grid,
        size: 62,
        space: 36,
        values: (_, ticks) => ticks.map(chart.text),
        ...(chart.steps === undefined ? {} : { incrs: chart.steps }),
      },
    ],
    series: [
      {},
      {
        label: first.label,
        value,
        stroke: colour("--accent"),
        fill: colour("--accent-soft"),
        width: 1.5,
        points: { show: false },
        ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
      },
      {
        label: second.label,
        value,
        stroke: colour("--second"),
        width: 1.5,
        dash: [5, 4],
        points: { show: false },
        ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
      },
    ],
  };
}
