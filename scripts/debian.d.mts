export interface DebianProgram {
  /** The program's file. */
  readonly program: string;
  /** The folder that stands for `/` of the unpacked packages. */
  readonly root: string;
  /** The environment to run it with. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function debianProgram(packages: readonly string[], path: string): DebianProgram;
