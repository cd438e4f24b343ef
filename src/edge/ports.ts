/** In the place of src/storage/node-crypto.ts and node-compressor.ts: the host's, under the names that the engine asks for. */
export { hostCompressor as nodeCompressor, hostCrypto as nodeCrypto } from "./host-crypto.ts";
