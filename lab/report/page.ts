/** The report as one HTML page: no file beside it, no network, light and dark, desktop and phone. */
import type { Figure, LabResult } from "../lab-run.ts";
import { scenarioNames } from "../scenarios.ts";
import { grouped } from "../stage.ts";
import { bestOther, bytesOf, isOwn } from "./charts.ts";
import type { Chart, Part } from "./charts.ts";

export interface Assets {
  /** The bundled browser script. */
  readonly script: string;
  /** The chart library's own style sheet. */
  readonly chartStyle: string;
  readonly style: string;
}

const kindTitles = {
  tiny: "Tiny registrations",
  visit: "Outpatient visits",
  fhir: "FHIR R4 resources",
} as const;

/** Put together by hand: the page is small, and every value goes through `escaped`. */
export function pageOf(result: LabResult, parts: readonly Part[], assets: Assets): string {
  const charts = parts.flatMap((part) => part.charts);
  const rows = charts.map((chart) => chart.rows);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>ZamSync and others over a bad link</title>
<style>${assets.chartStyle}\n${assets.style}</style>
</head>
<body>
<main>
<h1>The same events over the same bad link</h1>
<p class="lead">ZamSync and other ways of bringing a clinic's events to a hub, measured in one run:
bytes of TCP payload in both directions, with TLS where a way uses it, and seconds from the first SYN
until the clinic knows that it is done.</p>
${syntheticNote(result)}
${parts.map((part) => partSection(result, part, charts)).join("\n")}
${setupSection(result)}
</main>
<script type="application/json" id="charts">${JSON.stringify(rows).replaceAll("<", "\\u003c")}</script>
<script>${assets.script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;
}

function syntheticNote({ seed, link }: LabResult): string {
  return `<aside><strong>Synthetic.</strong> No patient in these events exists. Names, UUIDs, measurements and
codes are drawn from seed ${seed}; notes are put together from phrases, so they compress better than
what people type. All events of a scenario are pushed at once, so their clocks lie close together. The
link is ${escaped(link)} on loopback: no slow start, no packet headers, no loss. Compare
ratios, and trust bytes more than seconds.</aside>`;
}

function partSection(result: LabResult, part: Part, all: readonly Chart[]): string {
  const profile = result.profiles[part.profile];
  return `<section>
<h2>${escaped(kindTitles[part.kind])} over ${escaped(part.profile)}</h2>
<p class="link">${escaped(profile?.title ?? "")}</p>
${summary(result, part)}
<div class="grid">
${part.charts.map((chart) => chartFigure(chart, all.indexOf(chart))).join("\n")}
</div>
<details><summary>All figures</summary>${table(result, part)}</details>
</section>`;
}

/** Ours against the best other, and against xz, in a sentence each. */
function summary(result: LabResult, { figures }: Part): string {
  const titles = new Map(result.peers.map(({ name, title }) => [name, title]));
  const best = bestOther(figures, "backlog");
  const lines = figures
    .filter((figure) => figure.scenario === "backlog" && isOwn(figure.peer))
    .map((figure) => {
      const { corpus } = figure;
      const bytes = bytesOf(figure);
      const title = escaped(titles.get(figure.peer) ?? "");
      const times = (of: number) => (bytes / of).toFixed(2);
      const against = [
        best === undefined
          ? ""
          : `<b>${times(bytesOf(best))}</b> of the best other way (${escaped(titles.get(best.peer) ?? "")}: ${grouped(bytesOf(best))} B, ${best.seconds.toFixed(1)} s)`,
        corpus.xzBytes === undefined
          ? ""
          : `<b>${times(corpus.xzBytes)}</b> of <code>xz -9e</code> (${grouped(corpus.xzBytes)} B)`,
        `<b>${times(corpus.rawBytes)}</b> of the raw events (${grouped(corpus.rawBytes)} B)`,
      ].filter(Boolean);
      return `<li><b>${title}</b> brings ${grouped(corpus.events)} events in ${grouped(bytes)} B and ${figure.seconds.toFixed(1)} s: ${against.join(", ")}.</li>`;
    });
  return `<ul class="summary">${lines.join("")}</ul>`;
}

function chartFigure(chart: Chart, index: number): string {
  const note = chart.note === undefined ? "" : `<p class="note">${escaped(chart.note)}</p>`;
  const spoken = chart.rows.map(({ label, text }) => `${label}: ${text}`).join("; ");
  return `<figure>
<figcaption><h3>${escaped(chart.title)}</h3><p>${escaped(chart.unit)}; less is better</p></figcaption>
<div class="chart" data-chart="${index}" role="img" aria-label="${escaped(spoken)}"></div>
${note}</figure>`;
}

const columns: readonly (readonly [string, (figure: Figure) => string])[] = [
  ["events", ({ corpus }) => grouped(corpus.events)],
  ["raw B", ({ corpus }) => grouped(corpus.rawBytes)],
  ["xz -9e B", ({ corpus }) => (corpus.xzBytes === undefined ? "no xz" : grouped(corpus.xzBytes))],
  ["up B", ({ upBytes }) => grouped(upBytes)],
  ["down B", ({ downBytes }) => grouped(downBytes)],
  ["B/event", (figure) => ratioText(bytesOf(figure), figure.corpus.events, 1)],
  ["× raw", (figure) => ratioText(bytesOf(figure), figure.corpus.rawBytes)],
  ["× xz", (figure) => ratioText(bytesOf(figure), figure.corpus.xzBytes ?? 0)],
  ["s", ({ seconds }) => seconds.toFixed(1)],
  ["connections", ({ connections }) => String(connections)],
  ["clinic MiB", ({ clinicMiB }) => clinicMiB.toFixed(0)],
  ["hub MiB", ({ hubMiB }) => hubMiB.toFixed(0)],
  ["cut: extra B", ({ cut }) => (cut === undefined ? "" : grouped(cut.extraBytes))],
  ["cut: lost B", ({ cut }) => (cut === undefined ? "" : grouped(cut.lostBytes))],
  ["cut: extra s", ({ cut }) => (cut === undefined ? "" : cut.extraSeconds.toFixed(1))],
];

function ratioText(bytes: number, of: number, digits = 2): string {
  return of === 0 ? "" : (bytes / of).toFixed(digits);
}

function table(result: LabResult, { figures }: Part): string {
  const titles = new Map(result.peers.map(({ name, title }) => [name, title]));
  const body = scenarioNames
    .flatMap((name) => figures.filter(({ scenario }) => scenario === name))
    .map((figure) => {
      const cells = columns.map(([, of]) => `<td>${escaped(of(figure))}</td>`).join("");
      const title = escaped(titles.get(figure.peer) ?? figure.peer);
      return `<tr class="${isOwn(figure.peer) ? "own" : ""}"><th scope="row">${figure.scenario}</th><td>${title}</td>${cells}</tr>`;
    })
    .join("\n");
  const heads = ["scenario", "way", ...columns.map(([name]) => name)]
    .map((name) => `<th scope="col">${escaped(name)}</th>`)
    .join("");
  return `<div class="wide"><table><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function setupSection(result: LabResult): string {
  const ways = result.peers
    .map(({ title, tuning, isEncrypted }) => {
      const tls = isEncrypted ? "" : " <b>Not encrypted:</b> its bytes hold no TLS.";
      return `<dt>${escaped(title)}</dt><dd>${escaped(tuning)}.${tls}</dd>`;
    })
    .join("");
  const absent = result.absences
    .map(({ peer, reason }) => `<li>${escaped(peer)}: ${escaped(reason)}</li>`)
    .join("");
  const machine = result.machine.map(([name, value]) => `${name}: ${value}`).join("; ");
  return `<section>
<h2>How it was done</h2>
<dl>${ways}</dl>
${absent === "" ? "" : `<p>Skipped, or failed:</p><ul>${absent}</ul>`}
<p>Run on ${escaped(result.at)} with seed ${result.seed}. ${escaped(machine)}. Down for
${result.scale.downMs / 1000} s in a cut (${escaped(result.cutMode)}). To repeat it:
<code>npm run lab -- --seed ${result.seed}</code>.</p>
</section>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
