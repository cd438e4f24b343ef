/**
 * Runs in the report's page: draws the charts that the page carries as JSON. Each bar
 * has its name and value written above it, so that neither colour nor an axis is
 * needed to read it, and a phone is wide enough.
 */
import { BarChart } from "chartist";
import type { BarDrawEvent } from "chartist";

interface Row {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly role: string;
}

const rowHeightPx = 46;
const charts = JSON.parse(document.getElementById("charts")?.textContent ?? "[]") as Row[][];

function draw(place: HTMLElement, topDown: readonly Row[]): void {
  // The first bar of a horizontal chart is its lowest.
  const rows = topDown.toReversed();
  place.style.height = `${rows.length * rowHeightPx + 8}px`;
  const chart = new BarChart(
    place,
    { labels: rows.map(({ label }) => label), series: [rows.map(({ value }) => value)] },
    {
      horizontalBars: true,
      low: 0,
      high: Math.max(...rows.map(({ value }) => value)) || 1,
      chartPadding: { top: 8, right: 2, bottom: 0, left: 2 },
      axisX: { showLabel: false, showGrid: false, offset: 0 },
      axisY: { showLabel: false, showGrid: false, offset: 0 },
    },
  );
  chart.on("draw", (drawn: BarDrawEvent) => {
    if (drawn.type !== "bar") return;
    const row = rows[drawn.index];
    if (row === undefined) return;
    drawn.element.addClass(row.role);
    const y = drawn.y1 - 13;
    drawn.group.elem("text", { x: drawn.x1, y }, `label ${row.role}`).text(row.label);
    drawn.group
      .elem("text", { x: drawn.chartRect.x2, y, "text-anchor": "end" }, `value ${row.role}`)
      .text(row.text);
  });
}

for (const place of document.querySelectorAll<HTMLElement>(".chart")) {
  const rows = charts[Number(place.dataset.chart)];
  if (rows !== undefined) draw(place, rows);
}
