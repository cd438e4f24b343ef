/** The API below /v1: push, read, nodes, sessions. */
import type { CreateHubPart } from "../hub-context.ts";
import { addNodeRoutes } from "./node-routes.ts";
import { addPushRoutes } from "./push-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { addSessionRoutes } from "./session-routes.ts";
import { OpenStreams } from "../stream/open-streams.ts";

export const createApi: CreateHubPart = (hub) => {
  const downloads = new OpenStreams(hub);
  return {
    name: "api",
    listeners: ["http"],
    register: (app) => {
      addPushRoutes(app, hub);
      addReadRoutes(app, hub, downloads);
      addNodeRoutes(app, hub);
      addSessionRoutes(app);
    },
    close: () => downloads.closed(),
  };
};
