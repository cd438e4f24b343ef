/** One clinic: what it needs, how it stands, what it moved. */
import type { ClinicRow, Overview } from "../../overview/overview-types.ts";
import { AttentionList } from "./attention.tsx";
import { Charts } from "./charts.tsx";
import { seenText, waitingText } from "./clinic-table.tsx";
import { counted, grouped } from "../../../core/counted.ts";
import { ago, bytes, clockText, moment } from "./format.ts";
import { Icon, signOf, stateWords } from "./icons.tsx";
import { SyncTimeline } from "./sync-timeline.tsx";

export function ClinicPage({
  overview,
  node,
  nowMs,
}: {
  overview: Overview;
  node: string;
  nowMs: number;
}) {
  const row = overview.clinics.find((clinic) => clinic.node === node);
  const items = overview.attention.filter((item) => item.node === node);
  return (
    <main id="main" tabIndex={-1}>
      <p class="back">
        <a href="#/">← All clinics</a>
      </p>
      {row === undefined ? (
        <h1>No clinic is called {node}</h1>
      ) : (
        <>
          <h1 class="answer">
            <Icon sign={signOf(row)} />
            <span>
              {row.node} <small>{stateWords[row.state]}</small>
            </span>
          </h1>
          {items.length > 0 ? (
            <AttentionList items={items} left={0} named={false} />
          ) : (
            <p class="calm">
              {row.state === "revoked"
                ? "Its certificate was revoked: it can no longer sync."
                : "Nothing needs a person here."}
            </p>
          )}
          <Facts row={row} nowMs={nowMs} />
          <Charts node={node} syncs={row.today.syncs} />
          <SyncTimeline node={node} syncs={row.today.syncs} nowMs={nowMs} />
        </>
      )}
    </main>
  );
}

function Facts({ row, nowMs }: { row: ClinicRow; nowMs: number }) {
  const { transfer } = row;
  const facts: [string, string, string?][] = [
    [
      "Last seen",
      seenText(row, nowMs),
      row.lastSeen === null ? "" : moment(Date.parse(row.lastSeen)),
    ],
    [
      "Current as of",
      row.behindSince === null ? currentText(row) : ago(nowMs - Date.parse(row.behindSince)),
    ],
    ["Waiting", waitingText(row), "as of its last sync"],
    [
      "Now",
      transfer === null
        ? "nothing moves"
        : `${grouped(transfer.eventsReceived)} in, ${grouped(transfer.eventsSent)} out`,
    ],
    ["Events here", grouped(row.events)],
    [
      "Today",
      counted(row.today.events, "event"),
      `${bytes(row.today.bytes)}, ${counted(row.today.syncs, "sync")}, ${row.today.failures} failed`,
    ],
    ["Clock", clockText(row.clockDifferenceMs), "at its last sync"],
    ["Certificate", row.certDaysLeft < 0 ? "expired" : `${counted(row.certDaysLeft, "day")} left`],
    ["Free disk there", row.diskFreeBytes === null ? "not told" : bytes(row.diskFreeBytes)],
    ["Cannot be read", `${row.damagedThere} there, ${row.damagedHere} here`],
    ["In quarantine", `${row.quarantinedThere} there, ${row.quarantinedHere} here`],
    ["Forks", row.isForked ? "yes" : "none"],
    ["Version", row.version === "" ? "not told" : row.version],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more !== undefined && more !== "" && <span class="sub">{more}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const currentText = (row: ClinicRow): string => (row.state === "never" ? "not known" : "now");
