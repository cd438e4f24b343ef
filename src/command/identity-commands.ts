/** The commands that say who a node is: keys, certificates, and whom the hub knows. */
import {
  dataDirFlag,
  dataDirPositional,
  keyFileFlag,
  nodeFlags,
  outputFlags,
} from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

export const identityCommands = {
  keygen: {
    group: "Identity",
    summary: "make a node: identity, keys, certificate request, empty log",
    description:
      "Makes DIR with node.json, tls/node.key, tls/node.csr, keys/data.key and an empty log. " +
      "With --hub it also makes the certificate authority and signs the node's own certificate. " +
      "Refuses a directory that already has an identity.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      dataDir: dataDirFlag,
      keyFile: { ...keyFileFlag, help: "put the data key here instead of DIR/keys/data.key" },
      nodeId: { kind: "nodeId", help: "the node's id; by default the directory's name" },
      hub: { kind: "boolean", help: "make a hub: also the certificate authority" },
    },
    examples: ["zamsync keygen /var/lib/zamsync/clinic_a", "zamsync keygen hub --hub"],
  },
  sign: {
    group: "Identity",
    summary: "sign a clinic's certificate request with the hub's CA",
    description:
      "Checks the request's signature and id, then writes node.crt and ca.crt beside it, " +
      "or both into one bundle at --out for the clinic to install.",
    positionals: [
      {
        name: "csr",
        metavar: "CSR",
        kind: "path",
        isRequired: true,
        help: "the request, tls/node.csr",
      },
    ],
    flags: {
      ...outputFlags,
      ca: { kind: "path", metavar: "HUBDIR", isRequired: true, help: "the hub's directory" },
      out: { kind: "path", help: "write one bundle here instead of two files beside the CSR" },
      days: {
        kind: "integer",
        min: 1,
        max: 36_500,
        default: "3650",
        help: "days the certificate is valid",
      },
      replace: {
        kind: "boolean",
        help: "replace a certificate issued to this id under another key",
      },
    },
    examples: [
      "zamsync sign clinic_a/tls/node.csr --ca hub",
      "zamsync sign node.csr --ca hub --out clinic_a.bundle",
    ],
  },
  install: {
    group: "Identity",
    summary: "install a signed bundle on the clinic's own machine",
    description:
      "Checks that the bundle fits the node's key and id, then installs it. The key never leaves the machine.",
    positionals: [
      {
        name: "bundle",
        metavar: "BUNDLE",
        kind: "path",
        isRequired: true,
        help: "the bundle from sign --out",
      },
    ],
    flags: { ...outputFlags, dataDir: dataDirFlag },
    examples: ["zamsync install clinic_a.bundle --data-dir /var/lib/zamsync/clinic_a"],
  },
  revoke: {
    group: "Identity",
    summary: "stop accepting a node's certificates, in a running hub too",
    description:
      "Enters every key that the id was issued to into ca/revoked.jsonl. A running hub refuses the node " +
      "at once and ends its sessions within a second. Nobody else needs a new certificate.",
    positionals: [
      {
        name: "id",
        metavar: "ID",
        kind: "nodeId",
        isRequired: true,
        help: "the node's id",
      },
    ],
    flags: {
      ...outputFlags,
      ca: { kind: "path", metavar: "HUBDIR", isRequired: true, help: "the hub's directory" },
    },
    examples: ["zamsync revoke clinic_a --ca hub"],
  },
  nodes: {
    group: "Identity",
    summary: "list the nodes this hub has issued certificates to",
    positionals: [dataDirPositional],
    flags: { ...outputFlags, ...nodeFlags },
    examples: ["zamsync nodes --data-dir hub"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
