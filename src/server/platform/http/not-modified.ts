import 'server-only'
import { hash } from 'node:crypto'

/** Weak (RFC 9110, 8.8.3), so that a proxy that compresses the answer may leave it as it is. */
export const versionOf = (answer: unknown): string => `W/"${hash('sha256', JSON.stringify(answer), 'base64url')}"`

/**
 * The answer; or 304 without a body when the request names the version it has (`If-None-Match`; RFC 9110, 13.1.2). An answer
 * without an `ETag` has none to name.
 */
export function unlessKnown(request: { readonly headers: Headers }, answer: Response): Response {
  const known = request.headers.get('if-none-match')
  const version = answer.headers.get('etag')
  if (known === null || version === null || !answer.ok) return answer
  if (known.trim() !== '*' && !opaqueTags(known).some((tag) => opaqueTags(version).includes(tag))) return answer
  return new Response(null, { status: 304, headers: { 'cache-control': 'no-store', etag: version } })
}

/** What stands between the quotes, for the comparison is the weak one. */
const opaqueTags = (list: string): string[] =>
  list.split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
