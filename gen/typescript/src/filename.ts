/** Returns the file name in a Content-Disposition (RFC 6266), without folders and control characters. */
export function filenameOf(disposition: string | null): string | undefined {
  const name = extended(disposition ?? '') ?? plain(disposition ?? '');
  const last = name?.replace(/\p{C}/gu, '').split(/[/\\]/).at(-1)?.trim();
  return last === undefined || /^\.{0,2}$/.test(last) ? undefined : last;
}

/** The parameter `filename*` (RFC 8187), which goes before `filename`. */
function extended(disposition: string): string | undefined {
  const value = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function plain(disposition: string): string | undefined {
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(disposition) ?? [];
  return quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1');
}
