/** `GET /metrics` on the listener of `--metrics`; a token with the scope `read`, like everything. */
import type { HubApp } from "../hub-context.ts";
import { principalOf, requireAllNodes } from "../http/access.ts";
import { Metrics, type MetricsInput } from "./metrics.ts";

export function addMetrics(app: HubApp, input: MetricsInput): Metrics {
  const metrics = new Metrics(input);
  app.get(
    "/metrics",
    {
      config: { access: "read" },
      schema: { summary: "Metrics for Prometheus", tags: ["Metrics"] },
    },
    async (request, reply) => {
      requireAllNodes(principalOf(request));
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );
  return metrics;
}
