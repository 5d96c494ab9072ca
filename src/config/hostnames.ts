/** A host name without what people paste with it: `https://`, a path, spaces, capitals. */
export function cleanHostname(text: string): string {
  return text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .toLowerCase();
}

/** Duo's API hosts are api-<8 letters or digits>.duosecurity.com, for US federal customers duofederal.com. */
export function isDuoHostname(hostname: string): boolean {
  return /^api-[a-z0-9]+\.(?:duosecurity|duofederal)\.com(?::\d{1,5})?$/.test(hostname);
}
