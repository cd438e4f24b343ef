/**
 * The part of the hub that people and their monitoring look at: history, overview, the
 * dashboard and the metrics, which share what they gather.
 */
import type { CreateHubPart } from "./hub-context.ts";
import { addDashboard } from "./dashboard/dashboard-routes.ts";
import { HistoryKeeper } from "./history/history-keeper.ts";
import { addOverviewRoutes } from "./overview/overview-routes.ts";
import { OverviewSource } from "./overview/overview.ts";
import { OpenStreams } from "./stream/open-streams.ts";
import type { Metrics } from "./metrics/metrics.ts";

export const createMonitor: CreateHubPart = (hub) => {
  const keeper = new HistoryKeeper(hub);
  const source = new OverviewSource({ hub, keeper, quietAfterMs: hub.quietAfterMs });
  const streams = new OpenStreams(hub);
  let metrics: Metrics | undefined;
  return {
    name: "monitor",
    listeners: ["http", "metrics"],
    register: async (app, listener) => {
      if (listener === "http") {
        addOverviewRoutes(app, { hub, keeper, source, streams });
        addDashboard(app);
        return;
      }
      const { addMetrics } = await import("./metrics/metrics-routes.ts");
      metrics = addMetrics(app, { node: hub.node, source, keeper });
    },
    close: async () => {
      metrics?.close();
      await streams.closed();
      await keeper.close();
    },
  };
};
