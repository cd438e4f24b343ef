/** TLS over TCP for sessions: what the engine uses of this folder. */
export { formatAddress, parseAddress, type PeerAddress, portDefault } from "./address.ts";
export { Admission, admissionDefaults, type AdmissionLimits } from "./admission.ts";
export { type ConnectedHub, type ConnectOptions, connectTls } from "./connect.ts";
export {
  type AcceptedPeer,
  createTlsServer,
  type RefusedPeer,
  type TlsServer,
  type TlsServerOptions,
} from "./server.ts";
export {
  SocketTransport,
  type SocketTransportOptions,
  type TransportListener,
} from "./socket-transport.ts";
export { createTicketStore, type StoredTicket, type TicketStore } from "./ticket-store.ts";
export type { CertificateJudge } from "./tls-profile.ts";
