import 'server-only'
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP, isIPv6 } from 'node:net'
import { embedHeaders, securityHeaders } from '~/server/platform/http/security-headers'
import { SOCKET_PEER, trustedPeers } from '~/server/platform/network-settings'

declare global {
  var deployConsoleAddressHeader: string | undefined
}

/** A random name, so that no client can send the header: a request that bypassed the guard has no address, not a false one. */
const addressHeader = (): string => {
  globalThis.deployConsoleAddressHeader ??= `x-client-${randomBytes(16).toString('hex')}`
  return globalThis.deployConsoleAddressHeader
}

/** The address of a request's client, or `unknown`. */
export const addressOf = (request: { readonly headers: Headers }): string =>
  request.headers.get(addressHeader()) ?? 'unknown'

/** Prepares a request and its response before any route or Next reads them. */
export type Guard = (request: IncomingMessage, response: ServerResponse) => void

const TRACE_HEADERS = ['traceparent', 'tracestate', 'baggage']
export const REQUEST_ID_HEADER = 'x-request-id'
/** As most proxies make them. It is logged and answered, so nothing else is accepted. */
const REQUEST_ID = /^[\w.:+/=-]{8,128}$/

/**
 * - Determines the client's address. Next believes a client's X-Forwarded-For, so that header is removed unless a trusted
 *   proxy sent it.
 * - Gives the request its id: the one that a trusted proxy sent, or a new one. The answer has it too.
 * - Sets the security headers. next.config.mjs would fix them at build time, before CONSOLE_URL is known.
 * - Replaces requests that Next answers 500: addresses that are not percent-encoded UTF-8, and TRACE, which fetch's Request
 *   does not support (Fetch, 2.2.1).
 */
export function createGuard(config: {
  readonly trustedProxies: readonly string[]
  readonly consoleUrl: string
}): Guard {
  const isTrusted = trustedPeers(config.trustedProxies)
  // A TCP connection that is gone has no address either. The configuration refuses `unix` where the server listens at an address.
  const withoutAddress = isTrusted(SOCKET_PEER) ? SOCKET_PEER : 'unknown'
  const [headers, ofEmbeds] = [securityHeaders(config.consoleUrl), embedHeaders(config.consoleUrl)]
  const header = addressHeader()
  return (request, response) => {
    request.url = readableTarget(request.url ?? '/')
    if (request.method === 'TRACE') request.method = 'UNKNOWN'
    const peer = plainAddress(request.socket.remoteAddress ?? withoutAddress)
    if (!isTrusted(peer)) {
      for (const name of Object.keys(request.headers)) {
        if (name === 'forwarded' || name.startsWith('x-forwarded-')) Reflect.deleteProperty(request.headers, name)
      }
    }
    // Only a proxy of the console may say to which trace a request belongs.
    if (!isTrusted(peer)) for (const name of TRACE_HEADERS) Reflect.deleteProperty(request.headers, name)
    const named = request.headers[REQUEST_ID_HEADER]
    const isNamed = isTrusted(peer) && typeof named === 'string' && REQUEST_ID.test(named)
    const requestId = isNamed ? named : randomUUID()
    request.headers[REQUEST_ID_HEADER] = requestId
    response.setHeader(REQUEST_ID_HEADER, requestId)
    const claimed = request.headers['x-forwarded-for']
    const client = clientAddress(peer, Array.isArray(claimed) ? claimed.join() : claimed, isTrusted)
    request.headers[header] = client
    // For libraries that read the left-most address of this header.
    request.headers['x-forwarded-for'] = client
    for (const [name, value] of EMBED.test(request.url) ? ofEmbeds : headers) response.setHeader(name, value)
  }
}

/** Badges and feeds, which other sites show. Not an address that only begins so after it was decoded. */
const EMBED = /^\/(badge|feed)\/[^/?]+(\?|$)/

/** The request's target, or an address that answers "not found" if the target cannot be decoded. */
function readableTarget(target: string): string {
  // `OPTIONS *` asks about the server as a whole (RFC 9110, 9.3.7).
  if (!target.startsWith('/')) return `/api${UNREADABLE}`
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  if (!isDecodable(path)) return path.startsWith('/api/') ? `/api${UNREADABLE}` : UNREADABLE
  if (end < 0 || isDecodable(target)) return target
  // Decoded like a browser does: a stray `%` stands for itself.
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

/**
 * The client's address: the socket's peer or, if that is a trusted proxy, the right-most address of X-Forwarded-For that is not
 * one. Each proxy appends its peer, so anything further left is the client's own claim.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  isTrusted: (peer: string) => boolean,
): string {
  let client = plainAddress(peer)
  const claims = (forwardedFor ?? '').split(',').map((part) => withoutPort(part.trim()))
  while (isTrusted(client)) {
    const next = plainAddress(claims.pop() ?? '')
    if (isIP(next) === 0) break
    client = next
  }
  return client
}

/** The key by which an address is counted. An IPv6 subscriber has 2^64 addresses, so IPv6 is counted by /64. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${groups.join(':')}::/64`
}

/** Without the prefix of a dual-stack socket, which names an IPv4 peer `::ffff:192.0.2.7`. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

/** Some proxies write `192.0.2.7:4711` or `[2001:db8::1]:4711`. */
function withoutPort(claim: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(claim)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(claim)?.[1] ?? claim
}
