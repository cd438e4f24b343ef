/**
 * Health for supervisors and load balancers, without a token and without names.
 *
 * Live says whether a restart would help: it is not ok when the log takes no writes
 * until it is opened again (RULES 16). One that waits for room goes on by itself. Ready says whether data is at risk or cannot be
 * taken: a full disk, damage, a log that cannot be written. What merely needs a person
 * some day is "degraded", and still 200.
 */
import type { NodeStatus } from "../../engine/index.ts";
import type { HubContext, HubPart } from "../hub-context.ts";

export interface Health {
  readonly status: "ok" | "degraded" | "failing";
  /** Z codes; docs/errors.md says what to do about each. */
  readonly codes: readonly string[];
}

/** Alarms that stand for data at risk: damage, holes that nobody filled yet, a disk that is full or failing. */
const failingCodes: ReadonlySet<string> = new Set(["Z202", "Z204", "Z205", "Z206", "Z209", "Z220"]);
/** Asking costs reading certificates and peers' files; strangers may ask as often as they like. */
const keptMs = 1000;

export function toHealth(status: NodeStatus): Health {
  const codes = new Set(status.alarms.map(({ code }) => code));
  if (status.readOnly !== null) codes.add(status.readOnly.code);
  if (status.damaged > 0) codes.add("Z209");
  const isFailing = status.readOnly !== null || [...codes].some((code) => failingCodes.has(code));
  const needsPerson = codes.size > 0 || status.quarantined > 0 || !status.clock.ok;
  return {
    status: isFailing ? "failing" : needsPerson ? "degraded" : "ok",
    codes: [...codes].sort(),
  };
}

export function createHealth(hub: HubContext): HubPart {
  let kept: { readonly atMs: number; readonly status: Promise<NodeStatus> } | undefined;
  const currentStatus = (): Promise<NodeStatus> => {
    const nowMs = performance.now();
    if (kept === undefined || nowMs - kept.atMs > keptMs)
      kept = { atMs: nowMs, status: hub.node.status() };
    return kept.status;
  };
  return {
    name: "health",
    listeners: ["http", "metrics"],
    register: (app) => {
      const schema = (summary: string) => ({
        summary,
        tags: ["Health"],
        security: [],
        response: { 200: healthSchema, 503: healthSchema },
      });
      app.get(
        "/health/live",
        { config: { access: "public" }, schema: schema("Whether a restart would help: 503 then") },
        async (_request, reply) => {
          const { readOnly } = await currentStatus();
          const isLive = readOnly === null || readOnly.code === "Z204";
          const health: Health = isLive
            ? { status: "ok", codes: [] }
            : { status: "failing", codes: [readOnly.code] };
          return reply.code(isLive ? 200 : 503).send(health);
        },
      );
      app.get(
        "/health/ready",
        {
          config: { access: "public" },
          schema: schema("Whether events are taken and all of them can be read: 503 if not"),
        },
        async (_request, reply) => {
          const health = toHealth(await currentStatus());
          return reply.code(health.status === "failing" ? 503 : 200).send(health);
        },
      );
    },
  };
}

const healthSchema = {
  type: "object",
  required: ["status", "codes"],
  properties: {
    status: { type: "string", enum: ["ok", "degraded", "failing"] },
    codes: { type: "array", items: { type: "string" }, description: "Z codes of docs/errors.md" },
  },
} as const;
