/** The last 24 hours as bars: how many events came in each; a cross where a sync failed. */
import type { Hour } from "../../overview/overview-types.ts";
import { counted } from "../../../core/counted.ts";

const step = 6;
const height = 22;

export function HourStrip({ hours }: { hours: readonly Hour[] }) {
  const most = Math.max(1, ...hours.map(([, , events]) => events));
  const syncs = hours.reduce((sum, [count]) => sum + count, 0);
  const failures = hours.reduce((sum, [, count]) => sum + count, 0);
  const events = hours.reduce((sum, [, , count]) => sum + count, 0);
  const text = `${counted(syncs, "sync")}, ${failures === 0 ? "none" : failures} failed, ${counted(events, "event")}`;
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${hours.length * step} ${height + 7}`}
      role="img"
      aria-label={`Last 24 hours: ${text}`}
    >
      <title>{text}</title>
      {hours.map(([count, failed, of], at) => {
        // The root tells ten events from a thousand in 22 pixels.
        const tall = count === 0 ? 1 : 4 + (height - 4) * Math.sqrt(of / most);
        const x = at * step;
        return (
          <g key={x}>
            <rect
              class={count === 0 ? "none" : ""}
              x={x + 0.5}
              y={7 + height - tall}
              width={step - 1.5}
              height={tall}
            />
            {failed > 0 && <path d={`M${x + 0.8} 1l3.6 3.6M${x + 4.4} 1l-3.6 3.6`} />}
          </g>
        );
      })}
    </svg>
  );
}
