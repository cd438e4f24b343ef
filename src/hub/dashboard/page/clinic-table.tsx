/** Every clinic in a row; on a phone, a card each. */
import { useState } from "preact/hooks";
import type { ClinicRow, Level } from "../../overview/overview-types.ts";
import { counted, grouped } from "../../../core/counted.ts";
import { ago, bytes, clockText } from "./format.ts";
import { Icon, signOf, stateWords } from "./icons.tsx";
import { HourStrip } from "./hour-strip.tsx";

const pageSize = 100;
const rank: Record<Level | "none", number> = { urgent: 0, soon: 1, note: 2, none: 3 };

export function sortRows(rows: readonly ClinicRow[]): ClinicRow[] {
  const of = (row: ClinicRow): number =>
    row.state === "revoked" ? 4 : rank[row.level === null ? "none" : row.level];
  return rows.slice().sort((a, b) => of(a) - of(b) || (a.node < b.node ? -1 : 1));
}

export function ClinicTable({ clinics, nowMs }: { clinics: readonly ClinicRow[]; nowMs: number }) {
  const [filter, setFilter] = useState("");
  const [shown, setShown] = useState(pageSize);
  const rows = sortRows(clinics).filter(({ node }) => node.indexOf(filter.toLowerCase()) >= 0);
  return (
    <section aria-labelledby="clinics-title">
      <div class="section-head">
        <h2 id="clinics-title">Clinics</h2>
        {clinics.length > 8 && (
          <label class="filter">
            <span>Find</span>
            <input
              id="find"
              type="search"
              value={filter}
              aria-keyshortcuts="/"
              placeholder="name, or press /"
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      {clinics.length === 0 ? (
        <p class="empty">
          No clinic has a certificate yet. <code>zamsync sign CSR --ca HUBDIR</code> makes one.
        </p>
      ) : (
        <table class="clinics">
          <thead>
            <tr>
              <th scope="col">Clinic</th>
              <th scope="col">Last seen</th>
              <th scope="col">Waiting</th>
              <th scope="col">Today</th>
              <th scope="col">Last 24 hours</th>
              <th scope="col">Clock</th>
              <th scope="col">Certificate</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row) => (
              <Row key={row.node} row={row} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      )}
      {rows.length === 0 && clinics.length > 0 && <p class="empty">No clinic is called that.</p>}
      {rows.length > shown && (
        <button type="button" onClick={() => setShown(shown + pageSize)}>
          Show more ({grouped(rows.length - shown)} left)
        </button>
      )}
    </section>
  );
}

function Row({ row, nowMs }: { row: ClinicRow; nowMs: number }) {
  const sign = signOf(row);
  return (
    <tr class={row.state === "revoked" ? "revoked" : ""}>
      <th scope="row">
        <a href={`#/clinic/${row.node}`}>
          <Icon sign={sign} />
          <span class="name">{row.node}</span>
        </a>
        <span class="state">{stateWords[row.state]}</span>
      </th>
      <td data-label="Last seen">{seenText(row, nowMs)}</td>
      <td data-label="Waiting">{waitingText(row)}</td>
      <td data-label="Today">
        {counted(row.today.events, "event")}
        <span class="sub">{bytes(row.today.bytes)}</span>
      </td>
      <td data-label="Last 24 hours" class="hours">
        <HourStrip hours={row.hours} />
      </td>
      <td data-label="Clock" class={clockClass(row)}>
        {clockText(row.clockDifferenceMs)}
      </td>
      <td data-label="Certificate" class={row.certDaysLeft < 30 ? "bad" : ""}>
        {row.certDaysLeft < 0 ? "expired" : counted(row.certDaysLeft, "day")}
      </td>
    </tr>
  );
}

const clockClass = ({ clockDifferenceMs: ms }: ClinicRow): string =>
  ms !== null && Math.abs(ms) >= 300_000 ? "bad" : "";

export function seenText(row: ClinicRow, nowMs: number): string {
  if (row.state === "live" || row.state === "syncing") return "now";
  return row.lastSeen === null ? "never" : ago(nowMs - Date.parse(row.lastSeen));
}

/** Both ways, in words: an arrow alone tells nobody which way is which. */
export function waitingText(row: ClinicRow): string {
  const parts: string[] = [];
  if (row.pendingIn !== null && row.pendingIn > 0) parts.push(`${grouped(row.pendingIn)} to come`);
  if (row.pendingOut !== null && row.pendingOut > 0) parts.push(`${grouped(row.pendingOut)} to go`);
  if (parts.length > 0) return parts.join(", ");
  return row.pendingIn === null ? "not known" : "nothing";
}
