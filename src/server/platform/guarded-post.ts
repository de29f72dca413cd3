import 'server-only'
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Agent, fetch as undiciFetch } from 'undici'

const ATTEMPT_MS = 10_000
/** Of an answer nothing but the status counts, and of Slack's a word. */
const ANSWER_BYTES = 16_384

/** Of IPv4, everything that is not the public internet (IANA's special-purpose registry), and Azure's metadata service. */
const REFUSED_IPV4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'
/** Of the routed IPv6: protocol assignments and tunnels, which lead to IPv4 addresses, and documentation. */
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
/** All of IPv6 that is routed; loopback, local, mapped and translated addresses lie outside. */
const ROUTED_IPV6 = new BlockList()
ROUTED_IPV6.addSubnet('2000::', 3, 'ipv6')

/** Whether deliveries may go to this IP address when private ones are refused. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !REFUSED.check(address, 'ipv4')
  return family === 6 && ROUTED_IPV6.check(address, 'ipv6') && !REFUSED.check(address, 'ipv6')
}

/** Three outcomes, as with every call that cannot be repeated harmlessly: after `unknown` the receiver may have taken it. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly status: number }
  /** Certainly not taken. `lasting`: trying again would not help. */
  | {
      readonly kind: 'not_sent'
      readonly lasting: boolean
      readonly status: number | null
      readonly reason: string
      /** How long the receiver asked to wait before the next attempt. */
      readonly waitMs?: number
    }
  | { readonly kind: 'unknown'; readonly reason: string }

/** The connection was never made, so nothing was sent. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** What a request without an answer comes to. `who` begins the sentence, which holds a code and never the error's own text. */
export function failureOf(error: Error | undefined, who: string): SendOutcome {
  const cause = error?.cause ?? error
  if (cause instanceof AddressRefused)
    return { kind: 'not_sent', lasting: false, status: null, reason: `${cause.message}; nothing was sent` }
  const code = codeOf(cause) ?? error?.name ?? 'an unexpected error'
  if (!NOT_CONNECTED.test(code)) return { kind: 'unknown', reason: `${who} did not answer (${code})` }
  return { kind: 'not_sent', lasting: false, status: null, reason: `${who} is not reachable (${code})` }
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** A host is, or resolves to, an address that deliveries do not go to. Names no address: whoever asks would learn what is where. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
  constructor() {
    super('The host is, or resolves to, a private or local address')
  }
}

export interface AddressRule {
  readonly allowPrivate: boolean
  /** DNS; tests bring their own. */
  readonly resolve?: typeof systemLookup
}

/**
 * Resolves, and refuses a name of which any address is private. The connection is made to what this gives and to nothing
 * else, so a name that resolves otherwise a moment later leads nowhere.
 */
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

/** Throws `AddressRefused`, and what DNS says of a name it does not know. */
export async function checkAddress(url: string, rule: AddressRule): Promise<void> {
  const host = hostOf(url)
  if (isIP(host) !== 0) {
    // A connection to an address asks no DNS.
    if (!rule.allowPrivate && !isPublicAddress(host)) throw new AddressRefused()
    return
  }
  await new Promise<void>((resolve, reject) => {
    checkedLookup(rule)(host, { all: true }, (error) => (error === null ? resolve() : reject(error)))
  })
}

interface Answered {
  readonly status: number
  readonly statusText: string
  /** How long the receiver asks to wait; 0 where it does not. */
  readonly waitMs: number
  readonly text: string
}

/** `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3), of the two answers that ask to be left alone for a while. */
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
 * Posts to an address that others chose: to public addresses only, unless allowed, decided on the very address it connects to;
 * without following redirects, within ten seconds, and reading a bounded answer. A connection has half of that time: what was never
 * connected was certainly not sent.
 */
export async function guardedPost(
  url: string,
  { headers, body }: Post,
  rule: AddressRule,
  withinMs = ATTEMPT_MS,
): Promise<Answered> {
  const host = hostOf(url)
  if (isIP(host) !== 0) await checkAddress(url, rule)
  const dispatcher = new Agent({ connect: { lookup: checkedLookup(rule), timeout: withinMs / 2 } })
  try {
    const signal = AbortSignal.timeout(withinMs)
    const answer = await undiciFetch(url, { method: 'POST', headers, body, redirect: 'manual', signal, dispatcher })
    const { status, statusText, headers: answered } = answer
    return { status, statusText, waitMs: askedWait(status, answered), text: await boundedText(answer.body) }
  } finally {
    await dispatcher.destroy()
  }
}

/** The beginning of an answer. Its status has decided already, so a body that breaks off changes nothing. */
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
    // What came is enough.
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8')
}
