import 'server-only'
import { hash } from 'node:crypto'

/** A weak entity tag (RFC 9110, 8.8.3): it stays valid if a proxy compresses the answer. */
export const etagOf = (answer: unknown): string => `W/"${hash('sha256', JSON.stringify(answer), 'base64url')}"`

/** The answer, or 304 without a body if `If-None-Match` names its entity tag (RFC 9110, 13.1.2). */
export function answerConditionally(request: { readonly headers: Headers }, answer: Response): Response {
  const known = request.headers.get('if-none-match')
  const etag = answer.headers.get('etag')
  if (known === null || etag === null || !answer.ok) return answer
  if (known.trim() !== '*' && !opaqueTags(known).some((tag) => opaqueTags(etag).includes(tag))) return answer
  const headers = new Headers(answer.headers)
  // Of a body that is not sent.
  headers.delete('content-type')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  return new Response(null, { status: 304, headers })
}

/** The tags without quotes and `W/`, for the weak comparison. */
const opaqueTags = (list: string): string[] =>
  list.split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
