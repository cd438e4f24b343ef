/** The C host's ports under the names that a guest's bundle asks for. */
export {
  hostCompressor as nodeCompressor,
  hostCrypto as nodeCrypto,
} from "../../../src/edge/host-crypto.ts";
