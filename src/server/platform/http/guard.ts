import 'server-only'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientAddress, isTrusted } from '~/server/platform/http/client-address'
import { securityHeaders } from '~/server/platform/http/security-headers'
import { trustedAddresses } from '~/server/platform/network-settings'

const shared = globalThis as typeof globalThis & { deployConsoleAddressHeader?: string }

/** Nobody can send a header whose name nobody knows: a request that went past the guard has no address rather than a false one. */
const addressHeader = (): string => {
  shared.deployConsoleAddressHeader ??= `x-client-${randomBytes(16).toString('hex')}`
  return shared.deployConsoleAddressHeader
}

/** Where a request came from, or `unknown`. */
export const addressOf = (request: { readonly headers: Headers }): string =>
  request.headers.get(addressHeader()) ?? 'unknown'

/** Does to a request what must be done before anything of ours or of Next's looks at it. */
export type Guard = (request: IncomingMessage, response: ServerResponse) => void

/**
 * - Says where a request came from. Next takes a client's own X-Forwarded-For for the truth (base-server.js, `??=`), so what a
 *   peer that is no trusted proxy claims about itself is taken away.
 * - Gives the answer its headers. next.config.ts could, but would write down at build time what CONSOLE_URL decides, and
 *   matches every request against patterns.
 * - Mends what Next answers with a 500: an address that is no percent-encoded UTF-8, or no path, becomes one that does not exist,
 *   a query that does not decode becomes one that does, and TRACE, which fetch's Request refuses to be (Fetch, 2.2.1), becomes a
 *   method nobody knows.
 */
export function createGuard(config: {
  readonly trustedProxies: readonly string[]
  readonly consoleUrl: string
}): Guard {
  const trusted = trustedAddresses(config.trustedProxies)
  const headers = securityHeaders(config.consoleUrl)
  const header = addressHeader()
  return (request, response) => {
    request.url = readableTarget(request.url ?? '/')
    if (request.method === 'TRACE') request.method = 'UNKNOWN'
    const peer = request.socket.remoteAddress ?? 'unknown'
    if (!isTrusted(peer, trusted)) {
      for (const name of Object.keys(request.headers)) {
        if (name === 'forwarded' || name.startsWith('x-forwarded-')) Reflect.deleteProperty(request.headers, name)
      }
    }
    const claimed = request.headers['x-forwarded-for']
    const client = clientAddress(peer, Array.isArray(claimed) ? claimed.join() : claimed, trusted)
    request.headers[header] = client
    // For libraries that look there, and take the left-most of a list.
    request.headers['x-forwarded-for'] = client
    for (const [name, value] of headers) response.setHeader(name, value)
  }
}

/** An address the API or the pages have nothing at, in the place of one that cannot be read. */
function readableTarget(target: string): string {
  // `OPTIONS *` asks about the server as a whole (RFC 9110, 9.3.7).
  if (!target.startsWith('/')) return `/api${UNREADABLE}`
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  if (!isDecodable(path)) return path.startsWith('/api/') ? `/api${UNREADABLE}` : UNREADABLE
  if (end < 0 || isDecodable(target)) return target
  // Read as a browser reads it: a stray `%` stands for itself.
  return `${path}?${new URLSearchParams(target.slice(end + 1))}`
}

const UNREADABLE = '/undecodable'

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
