import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createHub, createScratch } from "../../test/identities.ts";
import { certificateInfo } from "./certificate.ts";
import { readOrCreateHttpsCredentials } from "./http-certificate.ts";

const names = ["hub.example.org", "localhost", "127.0.0.1", "::1"];
const dayMs = 86_400_000;

describe("the certificate of the HTTP listener", () => {
  it("is good for its names, from the hub's CA, and for nothing else", async (t) => {
    const { dir, remove } = createScratch();
    t.after(remove);
    await createHub(dir, "hub");
    const nowMs = Date.now();
    const read = (more: { readonly names?: readonly string[]; readonly nowMs?: number } = {}) =>
      readOrCreateHttpsCredentials({ dataDir: dir, names, nowMs, ...more });
    const made = await read();
    const [own = "", issuer = ""] = made.certificatePem.split(/(?<=-----END CERTIFICATE-----\n)/);
    const certificate = new X509Certificate(own);
    assert.ok(certificate.verify(new X509Certificate(issuer).publicKey));
    assert.equal(issuer.trim(), readFileSync(join(dir, "ca", "ca.crt"), "utf8").trim());
    for (const name of ["hub.example.org", "localhost"]) assert.ok(certificate.checkHost(name));
    for (const address of ["127.0.0.1", "::1"]) assert.ok(certificate.checkIP(address));
    assert.equal(certificate.checkHost("other.example.org"), undefined);
    const daysLong = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / dayMs;
    assert.ok(daysLong <= 825, `${daysLong} days`);
    assert.equal(
      certificateInfo(certificate, nowMs),
      undefined,
      "a clinic would take it for a hub",
    );
    assert.equal(statSync(join(dir, "http", "server.key")).mode & 0o777, 0o600);
  });

  it("is kept while it fits, and made again when it does not", async (t) => {
    const { dir, remove } = createScratch();
    t.after(remove);
    await createHub(dir, "hub");
    const nowMs = Date.now();
    const read = (more: { readonly names?: readonly string[]; readonly nowMs?: number } = {}) =>
      readOrCreateHttpsCredentials({ dataDir: dir, names, nowMs, ...more });
    const first = await read();
    assert.deepEqual(await read({ names: ["localhost"], nowMs: nowMs + 300 * dayMs }), first);
    const wider = await read({ names: [...names, "new.example.org"] });
    assert.notEqual(wider.certificatePem, first.certificatePem);
    const later = await read({ nowMs: nowMs + 500 * dayMs });
    assert.notEqual(later.certificatePem, wider.certificatePem);
    writeFileSync(join(dir, "http", "server.key"), first.keyPem);
    assert.notEqual((await read()).keyPem, first.keyPem);
    rmSync(join(dir, "http"), { recursive: true });
    assert.notEqual((await read()).certificatePem, later.certificatePem);
  });
});
