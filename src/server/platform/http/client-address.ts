import 'server-only'
import { type BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Who sent a request: the socket's peer; or, when that is a trusted proxy, the right-most address of X-Forwarded-For that
 * is none. Each proxy appends the peer it saw, so everything left of that is the sender's own claim.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, trusted: BlockList): string {
  let client = plainAddress(peer)
  const claims = (forwardedFor ?? '').split(',').map((part) => withoutPort(part.trim()))
  while (isTrusted(client, trusted)) {
    const next = plainAddress(claims.pop() ?? '')
    if (isIP(next) === 0) break
    client = next
  }
  return client
}

/** An IPv6 subscriber has 2^64 addresses: they count as one. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${groups.join(':')}::/64`
}

export function isTrusted(address: string, trusted: BlockList): boolean {
  const plain = plainAddress(address)
  const version = isIP(plain)
  return version !== 0 && trusted.check(plain, version === 6 ? 'ipv6' : 'ipv4')
}

/** A socket that takes both versions names an IPv4 peer `::ffff:192.0.2.7`. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

/** Some proxies write `192.0.2.7:4711` or `[2001:db8::1]:4711`. */
function withoutPort(claim: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(claim)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(claim)?.[1] ?? claim
}
