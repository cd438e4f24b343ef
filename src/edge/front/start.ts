/** What runs first in `zamsync-edge`: the globals are there before any module that uses one. */
import "../node/globals.ts";

void import("./main.ts");
