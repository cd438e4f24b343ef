/** The API below /v1: push, read, nodes, sessions. */
import type { CreateHubPart } from "../hub-context.ts";
import { addNodeRoutes } from "./node-routes.ts";
import { addPushRoutes } from "./push-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { addSessionRoutes } from "./session-routes.ts";

export const createApi: CreateHubPart = (hub) => ({
  name: "api",
  listeners: ["http"],
  register: (app) => {
    addPushRoutes(app, hub);
    addReadRoutes(app, hub);
    addNodeRoutes(app, hub);
    addSessionRoutes(app);
  },
});
