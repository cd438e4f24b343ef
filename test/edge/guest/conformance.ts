/** The conformance suites of core's ports, over the C host. The first argument is an empty folder. */
import { hostCrypto } from "../../../src/edge/host-crypto.ts";
import { host } from "../../../src/edge/host-functions.ts";
import { mkdirSync } from "../../../src/edge/node/fs.ts";
import { NodeStore } from "../../../src/storage/node-store.ts";
import { describeCrypto } from "../../../src/testing/crypto-conformance.ts";
import { describeFileStore } from "../../../src/testing/file-store-conformance.ts";

let count = 0;

describeFileStore({
  name: "node store over the host",
  create: () => {
    const directory = `${host.arguments[0]}/store-${count++}`;
    mkdirSync(directory);
    return new NodeStore(directory);
  },
});

describeCrypto({ name: "host crypto", crypto: hostCrypto });
