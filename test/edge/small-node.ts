/** Preloaded into the Node command: it then has the small device's codecs, window and memory (src/edge/device.ts). */
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return {
      ...found,
      url: found.url.replace(/\/src\/engine\/device\.ts$/, "/src/edge/device.ts"),
    };
  },
});
