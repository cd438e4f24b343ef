/** What the executable is built for, and with which of Debian's compilers. */

export interface Architecture {
  readonly name: string;
  /** In front of gcc, ar and strip. */
  readonly prefix: string;
  /** Debian's package with the compiler. */
  readonly compilerPackage: string;
  readonly flags: readonly string[];
  /** How musl's configure calls it. */
  readonly muslTarget: string;
  /** Runs it on another machine. */
  readonly emulator: string;
}

export const architectures: Readonly<Record<string, Architecture>> = {
  x86_64: {
    name: "x86_64",
    prefix: "x86_64-linux-gnu-",
    compilerPackage: "gcc-x86-64-linux-gnu",
    flags: [],
    muslTarget: "x86_64-linux-musl",
    emulator: "qemu-x86_64-static",
  },
  armv7: {
    name: "armv7",
    prefix: "arm-linux-gnueabihf-",
    compilerPackage: "gcc-arm-linux-gnueabihf",
    // Thumb code is a quarter smaller; a Pi 3 has NEON, an older ARMv7 board may not.
    flags: ["-march=armv7-a+fp", "-mthumb"],
    muslTarget: "arm-linux-musleabihf",
    emulator: "qemu-arm-static",
  },
  aarch64: {
    name: "aarch64",
    prefix: "aarch64-linux-gnu-",
    compilerPackage: "gcc-aarch64-linux-gnu",
    flags: [],
    muslTarget: "aarch64-linux-musl",
    emulator: "qemu-aarch64-static",
  },
};
