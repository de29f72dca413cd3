import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

// The part of the configuration that concerns the network in front of the console.

const TEXT = z.string().trim().optional()

/** An address or range that `trustedAddresses` can read: `10.0.0.0/8`, `::1`, `192.0.2.7`. */
function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

/** Undefined if the variable is not set, empty for `none`. */
export const addressRanges = TEXT.transform((value) => (value ?? '').split(',').map((range) => range.trim()))
  .transform((ranges) => ranges.filter((range) => range !== ''))
  .refine(
    (ranges) => ranges.join() === 'none' || ranges.every(isAddressRange),
    'must be a list of addresses, or none; example: 127.0.0.1,10.0.0.0/8',
  )
  .transform((ranges) => (ranges.length === 0 ? undefined : ranges.filter((range) => range !== 'none')))

export const listeningAddress = TEXT.transform((value) => value || '127.0.0.1').refine(
  (value) => isIP(value) !== 0 && !value.includes('%'),
  'must be an IPv4 or IPv6 address (a host name or a socket path is not served); example: 0.0.0.0',
)

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
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
  readonly CONSOLE_URL: string | undefined
  readonly TRUSTED_PROXIES: readonly string[] | undefined
  readonly SANDBOX_URL: string | undefined
}

/** A console that other machines reach needs its address and its proxies, and no sandbox, whose admin has no password. */
export function exposureProblems({ HOST: host, ...set }: NetworkVariables): string[] {
  if (isLoopback(host)) return []
  const others = `other machines can reach the server (HOST is ${host})`
  return [
    ...(set.CONSOLE_URL === undefined
      ? [`CONSOLE_URL is not set, and ${others}; example: https://console.example.com`]
      : []),
    ...(set.TRUSTED_PROXIES === undefined
      ? [
          `TRUSTED_PROXIES is not set, and ${others}; set it to the addresses of your proxies, or to none; example: none`,
        ]
      : []),
    ...(set.SANDBOX_URL === undefined
      ? []
      : [`SANDBOX_URL is set, and ${others}; the sandbox serves this machine only; example: HOST=127.0.0.1`]),
  ]
}

/** Undefined for `off`. */
export const perMinute = (usual: number) =>
  TEXT.transform((value) => (value === undefined || value === '' ? String(usual) : value.toLowerCase()))
    .refine((value) => value === 'off' || /^[1-9]\d{0,8}$/.test(value), `must be a number, or off; example: ${usual}`)
    .transform((value) => (value === 'off' ? undefined : Number(value)))

export function trustedAddresses(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
