/** The option that names a config file, for commands that a person may copy; nothing when no file is known. */
export function configFlag(file: string | undefined): string {
  if (file === undefined) return '';
  return ` -c ${/^[\w./:\\-]+$/.test(file) ? file : `"${file}"`}`;
}
