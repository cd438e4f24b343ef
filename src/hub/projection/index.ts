/** Projecting a node's events into SQL tables, for the command line and embedders. */
export { keepProjecting, type RunningProjection } from "./keep-projecting.ts";
export { defaultMapping, type Mapping, readMapping, toMapping } from "./mapping.ts";
export {
  project,
  type ProjectInput,
  type ProjectProgress,
  type ProjectSummary,
} from "./project.ts";
export { type ProjectionPlan, rehearseProjection } from "./rehearse.ts";
export { parseTarget, type Target, targetToText } from "./target.ts";
