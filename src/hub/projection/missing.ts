/**
 * What will never come into a table, so that no gap in it is silent: seqs that
 * were compacted, expired or declared lost before they were projected.
 */
import type { AbsentRanges } from "../../engine/index.ts";
import { quoted, type SqlSession } from "./database.ts";

type Range = readonly [from: number, to: number];

interface MissingRange {
  readonly range: Range;
  readonly reason: "expired" | "lost";
}

/** Ranges that are kept of one stream; more than these are one with the next. */
const rangesMax = 1000;

/** Writes `zamsync_missing` anew for these streams; how many events are missing now that were not before. */
export async function recordMissing(
  session: SqlSession,
  table: string,
  absent: readonly AbsentRanges[],
): Promise<number> {
  let found = 0;
  for (const stream of absent) {
    const key = [table, stream.node, stream.epoch, stream.lane] as const;
    const known = await session.all(
      `SELECT coalesce(sum(to_seq - from_seq + 1), 0) AS n FROM zamsync_missing WHERE ${ofStream}`,
      key,
    );
    const missing = await missingOf(session, table, stream);
    const count = missing.reduce((sum, { range }) => sum + range[1] - range[0] + 1, 0);
    const before = Number(known[0]?.n);
    if (count === before) continue;
    await session.run(`DELETE FROM zamsync_missing WHERE ${ofStream}`, key);
    for (const { range, reason } of missing)
      await session.run("INSERT INTO zamsync_missing VALUES ($1, $2, $3, $4, $5, $6, $7)", [
        ...key,
        ...range,
        reason,
      ]);
    found += Math.max(0, count - before);
  }
  return found;
}

const ofStream = "table_name = $1 AND node = $2 AND epoch = $3 AND lane = $4";

async function missingOf(
  session: SqlSession,
  table: string,
  stream: AbsentRanges,
): Promise<readonly MissingRange[]> {
  const lostTo = stream.lost[stream.lost.length - 1]?.[1] ?? 0;
  const gaps = await gapsUpTo(session, table, stream, Math.max(stream.floor, lostTo));
  const expired = intersect(gaps, [[1, stream.floor]]);
  const lost = intersect(
    gaps,
    stream.lost.map(([from, to]) => [Math.max(from, stream.floor + 1), to]),
  );
  return [
    ...expired.map((range) => ({ range, reason: "expired" as const })),
    ...lost.map((range) => ({ range, reason: "lost" as const })),
  ];
}

/** Seqs from 1 to `last` that have no row. */
async function gapsUpTo(
  session: SqlSession,
  table: string,
  stream: AbsentRanges,
  last: number,
): Promise<readonly Range[]> {
  const key = [stream.node, stream.epoch, stream.lane, last] as const;
  const rows = `${quoted(table)} WHERE node = $1 AND epoch = $2 AND lane = $3 AND seq <= $4`;
  const [total] = await session.all(`SELECT count(*) AS n, max(seq) AS top FROM ${rows}`, key);
  const top = Number(total?.top ?? 0);
  const tail: Range[] = top < last ? [[top + 1, last]] : [];
  if (Number(total?.n) === top) return tail;
  const gaps = await session.all(
    "SELECT prev + 1 AS from_seq, seq - 1 AS to_seq FROM " +
      `(SELECT seq, coalesce(lag(seq) OVER (ORDER BY seq), 0) AS prev FROM ${rows}) AS s ` +
      `WHERE seq > prev + 1 ORDER BY seq LIMIT ${rangesMax}`,
    key,
  );
  return [...gaps.map((gap): Range => [Number(gap.from_seq), Number(gap.to_seq)]), ...tail];
}

/** Both ascending and disjoint. */
function intersect(some: readonly Range[], others: readonly Range[]): readonly Range[] {
  return some.flatMap(([from, to]) =>
    others
      .map(([low, high]): Range => [Math.max(from, low), Math.min(to, high)])
      .filter(([low, high]) => low <= high),
  );
}
