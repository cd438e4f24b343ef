/**
 * node:http as CommonJS has it. An `import` of it by value reads every export, among them the getters
 * of WebSocket and its events: they load the whole of `fetch`, which takes a hub 16 MB and serves it nothing.
 */
export const { createServer, request, STATUS_CODES } = process.getBuiltinModule("node:http");
