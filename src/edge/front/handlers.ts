/** What each command does: the same code as the Node command's. */
import type { Handlers } from "../../cli/run.ts";
import type { EdgeCommand } from "./commands.ts";

/** The parser knows no others. */
export const handlers = {
  keygen: async () => (await import("../../cli/commands/identity.ts")).keygen,
  sign: async () => (await import("../../cli/commands/identity.ts")).sign,
  install: async () => (await import("../../cli/commands/identity.ts")).install,
  revoke: async () => (await import("../../cli/commands/identity.ts")).revoke,
  nodes: async () => (await import("../../cli/commands/identity.ts")).nodes,
  push: async () => (await import("../../cli/commands/push.ts")).push,
  pull: async () => (await import("../../cli/commands/pull.ts")).pull,
  audit: async () => (await import("../../cli/commands/audit.ts")).audit,
  serve: async () => (await import("../../cli/commands/serve.ts")).serve,
  sync: async () => (await import("../../cli/commands/sync.ts")).sync,
  daemon: async () => (await import("../../cli/commands/daemon.ts")).daemon,
  ping: async () => (await import("../../cli/commands/ping.ts")).ping,
  peers: async () => (await import("../../cli/commands/status.ts")).peers,
  status: async () => (await import("../../cli/commands/status.ts")).status,
  compact: async () => (await import("../../cli/commands/care.ts")).compact,
  expire: async () => (await import("../../cli/commands/care.ts")).expire,
  rekey: async () => (await import("../../cli/commands/care.ts")).rekey,
  doctor: async () => (await import("../../cli/commands/doctor.ts")).doctor,
  torture: async () => (await import("../../cli/commands/torture.ts")).torture,
  version: async () => (await import("./version-command.ts")).version,
  help: async () => (await import("../../cli/commands/help.ts")).help,
} satisfies Pick<Handlers, EdgeCommand>;
