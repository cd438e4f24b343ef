import { describeCrypto } from "../testing/crypto-conformance.ts";
import { nodeCrypto } from "./node-crypto.ts";

describeCrypto({ name: "node crypto", crypto: nodeCrypto });
