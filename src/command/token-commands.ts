/** `token create|list|revoke`: tokens of the hub's HTTP API. */
import { dataDirFlag, outputFlags } from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

export const tokenCommands = {
  token: {
    group: "Identity",
    summary: "make, list and revoke tokens of the hub's HTTP API",
    description:
      "`token create` prints the token once; only its hash is stored. `--scope admin` includes read and push. " +
      "With --node the token reads only these nodes' events, and pushes only what is addressed to them. " +
      "`token revoke ID` holds from the next request on, in a running hub too, and ends open streams.",
    positionals: [
      {
        name: "action",
        metavar: "create|list|revoke",
        kind: "choice",
        choices: ["create", "list", "revoke"],
        isRequired: true,
        help: "what to do",
      },
      {
        name: "id",
        metavar: "ID",
        kind: "text",
        help: "the token to revoke, as token list names it",
      },
    ],
    flags: {
      ...outputFlags,
      dataDir: dataDirFlag,
      scope: {
        kind: "choices",
        choices: ["read", "push", "admin"],
        help: "what it may do (read)",
      },
      node: { kind: "nodeIds", help: "limit it to these nodes" },
      expires: { kind: "duration", min: 1000, help: "how long it is good for; else for ever" },
      label: { kind: "text", help: "what it is for, for the list" },
    },
    examples: [
      "zamsync token create --data-dir hub --scope read --label dashboard",
      "zamsync token create --data-dir hub --scope push --node clinic_a --expires 90d",
      "zamsync token list --data-dir hub",
      "zamsync token revoke 4f1c0a9be27d --data-dir hub",
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
