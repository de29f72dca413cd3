import 'server-only'
import { randomBytes } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientAddress, isTrusted } from '~/server/http/client-address'
import { securityHeaders } from '~/server/http/security-headers'
import { trustedAddresses } from '~/server/network-settings'

const shared = globalThis as typeof globalThis & { deployConsoleAddressHeader?: string }

/** Nobody can send a header whose name nobody knows: a request that went past the guard has no address rather than a false one. */
const addressHeader = (): string => {
  shared.deployConsoleAddressHeader ??= `x-client-${randomBytes(16).toString('hex')}`
  return shared.deployConsoleAddressHeader
}

/** Where a request came from, or `unknown`. */
export const addressOf = (request: { readonly headers: Headers }): string =>
  request.headers.get(addressHeader()) ?? 'unknown'

/**
 * Sees every request of this process before Next does, on the channel Node publishes them on, and
 * - says where it came from. Next takes a client's own X-Forwarded-For for the truth (base-server.js, `??=`), so what a peer that
 *   is no trusted proxy claims about itself is taken away;
 * - gives the answer its headers. next.config.ts could, but would write down at build time what CONSOLE_URL decides, and
 *   matches every request against patterns;
 * - mends what Next answers with a 500: an address that is no percent-encoded UTF-8 becomes one that does not exist, and TRACE,
 *   which fetch's Request refuses to be (Fetch, 2.2.1), becomes a method nobody knows.
 */
export function guardRequests(config: {
  readonly trustedProxies: readonly string[]
  readonly consoleUrl: string
}): void {
  const trusted = trustedAddresses(config.trustedProxies)
  const headers = securityHeaders(config.consoleUrl)
  const header = addressHeader()
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (!isDecodable(request.url ?? '')) request.url = '/undecodable'
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
  })
}

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
