/** In the place of src/engine/version.ts: what the build has put in. */
declare const zamsyncBuild: {
  readonly version: string;
  readonly runtime: string;
  readonly platform: string;
};

export const version: string = zamsyncBuild.version;

export const runtimeFacts = {
  runtime: zamsyncBuild.runtime,
  platform: zamsyncBuild.platform,
} as const;
