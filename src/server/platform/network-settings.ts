import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

// The part of the configuration that concerns the network in front of the console.

const TEXT = z.string().trim().optional()

/** In TRUSTED_PROXIES: whatever connects to the unix socket in HOST. */
export const SOCKET_PEER = 'unix'

/** An address or range that `trustedPeers` can read: `10.0.0.0/8`, `::1`, `192.0.2.7`. */
export function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

/** Undefined if the variable is not set, empty for `none`. */
export const addressRanges = TEXT.transform((value) => (value ?? '').split(',').map((range) => range.trim()))
  .transform((ranges) => ranges.filter((range) => range !== ''))
  .refine(
    (ranges) => ranges.join() === 'none' || ranges.every((range) => range === SOCKET_PEER || isAddressRange(range)),
    'must be a list of addresses, unix, or none; example: 127.0.0.1,10.0.0.0/8',
  )
  .transform((ranges) => (ranges.length === 0 ? undefined : ranges.filter((range) => range !== 'none')))

/** The shortest limit of a system that Node supports (macOS). */
const SOCKET_PATH_BYTES = 103

export const listeningAddress = TEXT.transform((value) => value || '127.0.0.1').refine(
  (value) =>
    isSocketPath(value)
      ? !value.endsWith('/') && Buffer.byteLength(value) <= SOCKET_PATH_BYTES
      : isIP(value) !== 0 && !value.includes('%'),
  `must be an IPv4 or IPv6 address, or the absolute path of a unix socket of at most ${SOCKET_PATH_BYTES} bytes (a host name is not served); example: 0.0.0.0`,
)

/** Like `listeningAddress`, without sockets. */
export const ipAddress = TEXT.transform((value) => value || '127.0.0.1').refine(
  (value) => isIP(value) !== 0 && !value.includes('%'),
  'must be an IPv4 or IPv6 address (a host name is not served); example: 0.0.0.0',
)

export const isSocketPath = (host: string): boolean => host.startsWith('/')

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  if (isSocketPath(address)) return false
  return address.startsWith('127.') || new URL(`http://${hostInUrl(address)}`).hostname === '[::1]'
}

/** Whether a Host header, or the host of a URL, names this machine. */
export const isLoopbackHost = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)

export const hostInUrl = (address: string): string => (isIP(address) === 6 ? `[${address}]` : address)

/** The host by which this machine reaches a server on this address. A wildcard address cannot be connected to. */
export function reachableFromHere(address: string): string {
  const host = new URL(`http://${hostInUrl(address)}`).hostname
  return { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[host] ?? host
}

interface NetworkVariables {
  readonly HOST: string
  readonly PORT: number | undefined
  readonly CONSOLE_URL: string | undefined
  readonly TRUSTED_PROXIES: readonly string[] | undefined
  readonly SANDBOX_URL: string | undefined
}

/** A console that other machines can reach needs its address and its proxies. It must not run the sandbox, whose admin has no password. */
export function exposureProblems({
  HOST: host,
  PORT: port,
  TRUSTED_PROXIES: proxies,
  ...set
}: NetworkVariables): string[] {
  const isSocket = isSocketPath(host)
  const trustsSocket = proxies?.includes(SOCKET_PEER) === true
  if (!isSocket && trustsSocket) {
    return [`TRUSTED_PROXIES contains unix, but HOST is ${host}, not a socket; example: 127.0.0.1,10.0.0.0/8`]
  }
  if (isLoopback(host)) return []
  const why = isSocket ? `HOST is the socket ${host}` : `other machines can reach the server (HOST is ${host})`
  const proxiesProblem =
    proxies === undefined
      ? `TRUSTED_PROXIES is not set, and ${why}; set it to the addresses of your proxies, or to none; example: ${isSocket ? SOCKET_PEER : 'none'}`
      : isSocket && proxies.length > 0 && !trustsSocket
        ? `TRUSTED_PROXIES lacks unix, and ${why}; unix stands for the proxy that connects to it; example: unix`
        : undefined
  return [
    set.CONSOLE_URL === undefined
      ? `CONSOLE_URL is not set, and ${why}; example: https://console.example.com`
      : undefined,
    proxiesProblem,
    isSocket && port !== undefined ? `PORT is set, and ${why}, which has no port; unset PORT or HOST` : undefined,
    set.SANDBOX_URL === undefined
      ? undefined
      : `SANDBOX_URL is set, and ${why}; the sandbox serves this machine only; example: HOST=127.0.0.1`,
  ].filter((problem) => problem !== undefined)
}

/** Undefined for `off`. */
export const countOrOff = (usual: number) =>
  TEXT.transform((value) => (value === undefined || value === '' ? String(usual) : value.toLowerCase()))
    .refine((value) => value === 'off' || /^[1-9]\d{0,8}$/.test(value), `must be a number, or off; example: ${usual}`)
    .transform((value) => (value === 'off' ? undefined : Number(value)))

/** Tells whether a peer is one of these proxies. */
export function trustedPeers(proxies: readonly string[]): (peer: string) => boolean {
  const list = new BlockList()
  for (const proxy of proxies) {
    if (proxy === SOCKET_PEER) continue
    const [address = '', prefix] = proxy.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  const trustsSocket = proxies.includes(SOCKET_PEER)
  return (peer) => {
    if (peer === SOCKET_PEER) return trustsSocket
    const version = isIP(peer)
    return version !== 0 && list.check(peer, version === 6 ? 'ipv6' : 'ipv4')
  }
}
