/**
 * The libraries that the small device's executable is made of: Debian's source
 * packages, by name and hash. A new version is a new line here and nothing else.
 */

export interface SourcePackage {
  readonly name: string;
  readonly version: string;
  /** SPDX. */
  readonly license: string;
  /** Below the root of a Debian mirror. */
  readonly path: string;
  readonly sha256: string;
  /** What the archive unpacks to. */
  readonly folder: string;
  /** In that folder. */
  readonly licenseFile: string;
}

export const sourcePackages = {
  musl: {
    name: "musl",
    version: "1.2.5",
    license: "MIT",
    path: "pool/main/m/musl/musl_1.2.5.orig.tar.gz",
    sha256: "a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4",
    folder: "musl-1.2.5",
    licenseFile: "COPYRIGHT",
  },
  quickjs: {
    name: "quickjs",
    version: "2025-04-26",
    license: "MIT",
    path: "pool/main/q/quickjs/quickjs_2025.04.26.orig.tar.xz",
    sha256: "ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe",
    folder: "quickjs-2025.04.26",
    licenseFile: "LICENSE",
  },
  mbedtls: {
    name: "mbedtls",
    version: "3.6.6",
    license: "Apache-2.0 OR GPL-2.0-or-later",
    path: "pool/main/m/mbedtls/mbedtls_3.6.6.orig.tar.bz2",
    sha256: "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
    folder: "mbedtls-3.6.6",
    licenseFile: "LICENSE",
  },
  zstd: {
    name: "zstd",
    version: "1.5.7",
    license: "BSD-3-Clause OR GPL-2.0-only",
    path: "pool/main/libz/libzstd/libzstd_1.5.7+dfsg.orig.tar.xz",
    sha256: "0c092ef267edce57ba7f3f2645c861f72eaf5e76273c6c3632869423464b90a5",
    folder: "zstd-1.5.7",
    licenseFile: "LICENSE",
  },
} as const satisfies Record<string, SourcePackage>;
