/** True with ZAMSYNC_LONG=1 (`npm run test:scenarios:long`): scenarios then take their full sizes. */
export const isLong: boolean = process.env.ZAMSYNC_LONG === "1";
