/** The newest syncs: on a line of time, and one by one. */
import { useState } from "preact/hooks";
import { getSyncs, type SyncRow } from "./api.ts";
import { counted } from "../../../core/counted.ts";
import { ago, bytes, duration, moment, span } from "./format.ts";
import { Icon } from "./icons.tsx";
import { usePolled } from "./polled.ts";

const dayMs = 86_400_000;
const listed = 15;
const asked = 500;

export function SyncTimeline({
  node,
  syncs: count,
  nowMs,
}: {
  node?: string;
  syncs: number;
  nowMs: number;
}) {
  const syncs = usePolled(node ?? "", count, () => getSyncs(asked, node));
  const [shown, setShown] = useState(listed);
  if (syncs === undefined) return null;
  return (
    <section aria-labelledby="syncs-title">
      <div class="section-head">
        <h2 id="syncs-title">Syncs</h2>
      </div>
      {syncs.length === 0 ? (
        <p class="empty">None so far.</p>
      ) : (
        <>
          <Line syncs={syncs} nowMs={nowMs} />
          <table class="syncs">
            <thead>
              <tr>
                <th scope="col">Ended</th>
                {node === undefined && <th scope="col">Clinic</th>}
                <th scope="col">Result</th>
                <th scope="col">Events</th>
                <th scope="col">Data</th>
                <th scope="col">Took</th>
              </tr>
            </thead>
            <tbody>
              {syncs.slice(0, shown).map((sync) => (
                <Row
                  key={`${sync.endedAt}${sync.peer}`}
                  {...{ sync, nowMs }}
                  named={node === undefined}
                />
              ))}
            </tbody>
          </table>
          {syncs.length > shown && (
            <button type="button" onClick={() => setShown(shown + 50)}>
              Show more
            </button>
          )}
        </>
      )}
    </section>
  );
}

function Row({ sync, nowMs, named }: { sync: SyncRow; nowMs: number; named: boolean }) {
  const endedMs = Date.parse(sync.endedAt);
  return (
    <tr>
      <td data-label="Ended">
        <time dateTime={sync.endedAt} title={moment(endedMs)}>
          {ago(nowMs - endedMs)}
        </time>
      </td>
      {named && (
        <td data-label="Clinic">
          <a href={`#/clinic/${sync.peer}`}>{sync.peer}</a>
        </td>
      )}
      <td data-label="Result">
        <span class="result">
          <Icon sign={isFailed(sync) ? "soon" : "ok"} />
          <span>{resultText(sync)}</span>
        </span>
      </td>
      <td data-label="Events">{eventsText(sync)}</td>
      <td data-label="Data">{bytes(sync.bytesReceived + sync.bytesSent)}</td>
      <td data-label="Took">{duration(sync.durationMs)}</td>
    </tr>
  );
}

const isFailed = (sync: SyncRow): boolean => sync.endedBy === "error";

const results: Record<string, string> = {
  done: "complete",
  rest: "complete",
  budget: "stopped at its budget",
  peer: "ended early",
  finished: "the hub stopped",
  fenced: "a newer session took over",
};

export function resultText({ endedBy, code }: Pick<SyncRow, "endedBy" | "code">): string {
  if (endedBy !== "error") return results[endedBy] || endedBy;
  // The commonest by far, and nothing to worry about: said in words.
  if (code === "Z521" || code === "Z505") return `link lost (${code})`;
  return code === "" ? "failed" : `failed (${code})`;
}

function eventsText({ eventsReceived, eventsSent }: SyncRow): string {
  if (eventsReceived === 0 && eventsSent === 0) return "nothing new";
  const parts: string[] = [];
  if (eventsReceived > 0) parts.push(`${eventsReceived} in`);
  if (eventsSent > 0) parts.push(`${eventsSent} out`);
  return parts.join(", ");
}

/** The last 24 hours, or as far as what is known of them reaches, from left to right: a stroke a sync, taller with more events; a cross where one failed. */
function Line({ syncs, nowMs }: { syncs: readonly SyncRow[]; nowMs: number }) {
  const width = 720;
  const oldest = syncs[syncs.length - 1];
  const isAll = syncs.length < asked || oldest === undefined;
  const spanMs = isAll ? dayMs : Math.min(dayMs, nowMs - Date.parse(oldest.endedAt));
  const since = syncs.filter(({ endedAt }) => nowMs - Date.parse(endedAt) < spanMs);
  const failed = since.filter(isFailed).length;
  const most = Math.max(1, ...since.map((sync) => sync.eventsReceived + sync.eventsSent));
  const text = `${counted(since.length, "sync")} in the last ${span(spanMs)}, ${failed === 0 ? "none" : failed} failed`;
  return (
    <figure class="line">
      <svg viewBox={`0 0 ${width} 46`} preserveAspectRatio="none" role="img" aria-label={text}>
        <title>{text}</title>
        {[0, 1, 2, 3, 4].map((quarter) => (
          <path class="grid" key={quarter} d={`M${(quarter / 4) * width} 0V46`} />
        ))}
        {since.map((sync) => {
          const x = width * (1 - (nowMs - Date.parse(sync.endedAt)) / spanMs);
          const tall = 6 + 30 * Math.sqrt((sync.eventsReceived + sync.eventsSent) / most);
          return isFailed(sync) ? (
            <path class="failed" key={sync.endedAt + sync.peer} d={`M${x - 4} 34l8 8m0-8l-8 8`} />
          ) : (
            <path class="sync" key={sync.endedAt + sync.peer} d={`M${x} 44v-${tall.toFixed(1)}`} />
          );
        })}
      </svg>
      <figcaption>
        <span class="caption">{ago(spanMs)}</span>
        <span class="caption">{ago(spanMs / 2)}</span>
        <span class="caption">now</span>
      </figcaption>
    </figure>
  );
}
