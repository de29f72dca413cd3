import 'server-only'

/** Weak (RFC 9110, 8.8.3), so that a proxy that compresses the answer may leave it as it is. Nothing for null. */
export const versionHeader = (version: string | null): Readonly<Record<string, string>> =>
  version === null ? {} : { etag: `W/"${version}"` }

/**
 * 304 without a body when the request names the version there is (`If-None-Match`; RFC 9110, 13.1.2); null when the whole
 * answer is due. `version` is asked for only then, and null where there is nothing.
 */
export async function notModified(
  request: { readonly headers: Headers },
  version: () => Promise<string | null>,
): Promise<Response | null> {
  const known = request.headers.get('if-none-match')
  if (known === null) return null
  const current = await version()
  if (current === null || !(known.trim() === '*' || opaqueTags(known).includes(current))) return null
  return new Response(null, { status: 304, headers: { 'cache-control': 'no-store', ...versionHeader(current) } })
}

/** What stands between the quotes, for the comparison is the weak one. */
const opaqueTags = (list: string): string[] =>
  list.split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
