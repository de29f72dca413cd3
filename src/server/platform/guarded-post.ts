import 'server-only'
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { type Proxies, proxyFor } from './proxy-settings.ts'
import { NoTunnel, tunnelThrough } from './proxy-tunnel.ts'
import type { undici as loaded } from './undici.ts'

const ATTEMPT_MS = 10_000
/** Only the status is needed, and the first words of Slack's error text. */
const ANSWER_BYTES = 16_384

/** IPv4 ranges outside the public internet (IANA's special-purpose registry), and Azure's metadata service. */
const REFUSED_IPV4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'
/** Routed IPv6 ranges for protocol assignments, for documentation, and for tunnels, which lead to IPv4 addresses. */
const REFUSED_IPV6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20'

const REFUSED = new BlockList()
for (const [family, ranges] of [
  ['ipv4', REFUSED_IPV4],
  ['ipv6', REFUSED_IPV6],
] as const) {
  for (const range of ranges.split(' ')) {
    const [net = '', prefix] = range.split('/')
    REFUSED.addSubnet(net, Number(prefix), family)
  }
}
/** The routed part of IPv6. Loopback, local, mapped and translated addresses are outside of it. */
const ROUTED_IPV6 = new BlockList()
ROUTED_IPV6.addSubnet('2000::', 3, 'ipv6')

/** Whether an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !REFUSED.check(address, 'ipv4')
  return family === 6 && ROUTED_IPV6.check(address, 'ipv6') && !REFUSED.check(address, 'ipv6')
}

/** The outcome of sending. `unknown`: the receiver may have accepted the message. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly status: number }
  /** The receiver did not accept the message. `lasting`: a retry would not help. */
  | {
      readonly kind: 'not_sent'
      readonly lasting: boolean
      readonly status: number | null
      readonly reason: string
      readonly waitMs?: number
    }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Errors of a connection that was never made, so that nothing was sent. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** The outcome of a request without an answer. The reason names `receiver` and the error's code, never its text. */
export function failureOf(error: Error | undefined, receiver: string): SendOutcome {
  const cause = error?.cause ?? error
  if (cause instanceof AddressRefused)
    return { kind: 'not_sent', lasting: false, status: null, reason: `${cause.message}; nothing was sent` }
  if (cause instanceof NoTunnel) {
    const reason = `the proxy did not connect to ${receiver} (${cause.why})`
    return { kind: 'not_sent', lasting: false, status: null, reason }
  }
  const code = codeOf(cause) ?? error?.name ?? 'an unexpected error'
  if (!NOT_CONNECTED.test(code)) return { kind: 'unknown', reason: `${receiver} did not answer (${code})` }
  return { kind: 'not_sent', lasting: false, status: null, reason: `${receiver} is not reachable (${code})` }
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** The host is, or resolves to, a private address. The error does not name it, so that nobody can explore the network. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
  constructor() {
    super('The host is, or resolves to, a private or local address')
  }
}

export interface AddressRule {
  readonly allowPrivate: boolean
  readonly proxies?: Proxies
  /** DNS; tests bring their own. */
  readonly resolve?: typeof systemLookup
}

/** Refuses a name with a private address. The connection uses this result, so DNS rebinding cannot redirect it. */
const checkedLookup = ({ allowPrivate, resolve = systemLookup }: AddressRule): LookupFunction => {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '')
      const refused = !allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))
      const [first] = addresses
      if (refused || first === undefined) return done(new AddressRefused(), '')
      if (options.all === true) return done(null, addresses)
      done(null, first.address, first.family)
    })
  }
}

const hostOf = (url: string) => new URL(url).hostname.replace(/^\[|\]$/g, '')

const proxyOf = ({ proxies }: AddressRule, url: string) => (proxies === undefined ? undefined : proxyFor(proxies, url))

/** Throws `AddressRefused` for a private address, and DNS's error for an unknown name. */
export async function checkAddress(url: string, rule: AddressRule): Promise<void> {
  // Then the proxy resolves names, and this machine may be unable to.
  if (rule.allowPrivate && proxyOf(rule, url) !== undefined) return
  await checkedAddress(url, rule)
}

async function checkedAddress(url: string, rule: AddressRule): Promise<string> {
  const host = hostOf(url)
  if (isIP(host) !== 0) {
    // A connection to an IP address does not use `lookup`.
    if (!rule.allowPrivate && !isPublicAddress(host)) throw new AddressRefused()
    return host
  }
  return await new Promise((resolve, reject) => {
    checkedLookup(rule)(host, {}, (error, address) => (error === null ? resolve(String(address)) : reject(error)))
  })
}

interface Answered {
  readonly status: number
  readonly statusText: string
  readonly waitMs: number
  readonly text: string
}

/** `Retry-After` of a 429 or 503, in seconds or as a date (RFC 9110, 10.2.3). */
function askedWait(status: number, headers: { get(name: string): string | null }): number {
  const value = status === 429 || status === 503 ? headers.get('retry-after') : null
  if (value === null) return 0
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(waitMs) ? 0 : Math.max(0, waitMs)
}

interface Post {
  readonly headers: Record<string, string>
  readonly body: string
}

/**
 * Posts to an address that a person entered. Checks the address of the actual connection, follows no redirect, and limits the
 * time and the size of the answer. Connecting may take half of the time, because a failed connection proves that nothing was sent.
 */
export async function guardedPost(
  url: string,
  { headers, body }: Post,
  rule: AddressRule,
  withinMs = ATTEMPT_MS,
): Promise<Answered> {
  const host = hostOf(url)
  if (isIP(host) !== 0) await checkAddress(url, rule)
  const { undici } = await import('./undici.ts')
  const dispatcher = dispatcherFor(undici, url, rule, withinMs / 2)
  try {
    const signal = AbortSignal.timeout(withinMs)
    const answer = await undici.fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal, dispatcher })
    const { status, statusText, headers: answered } = answer
    return { status, statusText, waitMs: askedWait(status, answered), text: await boundedText(answer.body) }
  } finally {
    await dispatcher.destroy()
  }
}

/**
 * A proxy resolves names itself, so where private addresses are refused it is asked for the address that was checked here. TLS
 * still proves the name (ADR 048).
 */
function dispatcherFor(
  { Agent, ProxyAgent, buildConnector }: typeof loaded,
  url: string,
  rule: AddressRule,
  timeout: number,
): Dispatcher {
  const proxy = proxyOf(rule, url)
  if (proxy === undefined) return new Agent({ connect: { lookup: checkedLookup(rule), timeout } })
  if (new URL(url).protocol === 'http:') {
    // Without TLS, nothing would prove that the proxy reached the address that was checked.
    if (!rule.allowPrivate) throw new NoTunnel('plain HTTP')
    return new ProxyAgent({ uri: proxy, proxyTunnel: false, proxyTls: { timeout } })
  }
  const destinationOf = async (hostname: string) =>
    rule.allowPrivate ? hostname : bracketed(await checkedAddress(url, rule))
  const connectSecurely = buildConnector({ timeout })
  return new Agent({ connect: tunnelThrough({ connectSecurely, proxy, destinationOf, timeoutMs: timeout }) })
}

const bracketed = (address: string) => (isIP(address) === 6 ? `[${address}]` : address)

/** The beginning of an answer's body. The status is already known, so an incomplete body is not an error. */
async function boundedText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of body ?? []) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= ANSWER_BYTES) break
    }
  } catch {
    // The received part is enough.
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8')
}
