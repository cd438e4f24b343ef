/** Connections by address: one caller cannot take all the places of a listener. */
import type { Socket } from "node:net";
import { isLoopback } from "./bind-policy.ts";
import { connectionsFromLoopbackMax, connectionsPerAddressMax } from "./limits.ts";
import { networkOf } from "./throttle.ts";

export class ConnectionCount {
  private readonly byNetwork = new Map<string, number>();

  /** Ends the connection at once when its address has too many. */
  admit(socket: Socket): void {
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const network = networkOf(address);
    const count = (this.byNetwork.get(network) ?? 0) + 1;
    const max = isLoopback(address) ? connectionsFromLoopbackMax : connectionsPerAddressMax;
    if (count > max) {
      socket.destroy();
      return;
    }
    this.byNetwork.set(network, count);
    socket.once("close", () => {
      const left = (this.byNetwork.get(network) ?? 1) - 1;
      if (left === 0) this.byNetwork.delete(network);
      else this.byNetwork.set(network, left);
    });
  }
}
