/** What an executable is made of, as an SPDX 2.3 document (spdx.github.io/spdx-spec/v2.3). */
import type { SourcePackage } from "./sources.ts";

export interface BillInput {
  /** Of the executable's file. */
  readonly name: string;
  readonly version: string;
  /** ISO 8601 UTC, to the second. */
  readonly createdAt: string;
  /** Version of gcc. */
  readonly compiler: string;
  /** Of the executable, hex. */
  readonly sha256: string;
  readonly parts: readonly SourcePackage[];
}

export function billOfMaterials(input: BillInput): object {
  const { name, version, createdAt, compiler, sha256, parts } = input;
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${name}-${version}`,
    documentNamespace: `urn:zamsync:sbom:${name}:${sha256}`,
    creationInfo: { created: createdAt, creators: ["Tool: zamsync edge:build"] },
    documentDescribes: ["SPDXRef-zamsync-edge"],
    packages: [
      {
        SPDXID: "SPDXRef-zamsync-edge",
        name: "zamsync-edge",
        versionInfo: version,
        packageFileName: name,
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: "MIT",
        licenseDeclared: "MIT",
        copyrightText: "NOASSERTION",
        checksums: [{ algorithm: "SHA256", checksumValue: sha256 }],
        primaryPackagePurpose: "APPLICATION",
        comment: `compiled with gcc ${compiler}`,
      },
      ...parts.map((part) => ({
        SPDXID: idOf(part),
        name: part.name,
        versionInfo: part.version,
        packageFileName: part.path.slice(part.path.lastIndexOf("/") + 1),
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: part.license,
        licenseDeclared: part.license,
        copyrightText: "NOASSERTION",
        checksums: [{ algorithm: "SHA256", checksumValue: part.sha256 }],
        primaryPackagePurpose: "LIBRARY",
        sourceInfo: `Debian's upstream archive, ${part.path}`,
      })),
    ],
    relationships: parts.map((part) => ({
      spdxElementId: "SPDXRef-zamsync-edge",
      relationshipType: "STATIC_LINK",
      relatedSpdxElement: idOf(part),
    })),
  };
}

function idOf(part: SourcePackage): string {
  return `SPDXRef-${part.name}`;
}
