import { isIP } from 'node:net'
import { z } from 'zod'
import { isAddressRange, isLoopback, trustedPeers } from './network-settings.ts'

// The proxies through which the console reaches other servers (HTTPS_PROXY, HTTP_PROXY, NO_PROXY). ADR 048 says why undici's
// EnvHttpProxyAgent is not enough.

export interface Proxies {
  /** For `https` addresses. */
  readonly https: string | undefined
  readonly http: string | undefined
  /** Entries of NO_PROXY. */
  readonly bypass: readonly string[]
}

/** User and password are decoded for each request, which would fail then. */
function hasReadableAccount(value: string): boolean {
  const { username, password } = new URL(value)
  try {
    return decodeURIComponent(`${username}${password}`) !== null
  } catch {
    return false
  }
}

/** Like curl, takes a proxy without a scheme for an http proxy. */
export const proxyUrl = z
  .string()
  .trim()
  .transform((value) => (value === '' || /^\w+:\/\//.test(value) ? value : `http://${value}`))
  .refine(
    (value) =>
      value === '' || (/^https?:\/\/[^\s\\]+$/i.test(value) && URL.canParse(value) && hasReadableAccount(value)),
    'must be an http(s) URL (percent-encode special characters in the password); example: http://proxy.example.com:3128',
  )
  .transform((value) => (value === '' ? undefined : value))
  .optional()

export const bypassList = z
  .string()
  .optional()
  .transform((value) => (value ?? '').split(/[\s,]+/).filter((entry) => entry !== ''))

/** The environment with the lower-case names, which other programs also read, in place of those that are not set. */
export function withProxyNames(env: Readonly<Record<string, string | undefined>>) {
  const named = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].map((name) => [name, env[name] || env[name.toLowerCase()]])
  return { ...env, ...Object.fromEntries(named) }
}

/** The proxy for an address, if there is one. This machine is always reached directly. */
export function proxyFor({ https, http, bypass }: Proxies, address: string): string | undefined {
  const { protocol, hostname, port } = new URL(address)
  const proxy = protocol === 'https:' ? https : http
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (proxy === undefined || isThisMachine(host)) return undefined
  const usedPort = port || (protocol === 'https:' ? '443' : '80')
  return bypass.some((entry) => isNamedBy(entry.toLowerCase(), host, usedPort)) ? undefined : proxy
}

const isThisMachine = (host: string) =>
  isIP(host) === 0 ? host === 'localhost' || host.endsWith('.localhost') : isLoopback(host)

/** `*`, a name, which stands for its sub-domains too, an address or a range, each with or without a port. */
function isNamedBy(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const bare = entry.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && isAddressRange(bare)) return trustedPeers([bare])(host)
  const [, name = entry, onlyPort] = /^(.*[^:]):(\d+)$/.exec(entry) ?? []
  if (onlyPort !== undefined && onlyPort !== port) return false
  const domain = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '')
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`))
}
