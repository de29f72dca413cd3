import 'server-only'
import { AppError } from '~/domain/errors'

const READS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Refuses requests that another site makes through a signed-in browser: cross-site (`Sec-Fetch-Site`, `Origin`), by DNS rebinding
 * (`Host`), or as a form or link that changes something (`Sec-Fetch-Mode`). Throws `origin_refused`.
 */
export function refuseForeignOrigin(request: Request, consoleUrl: string): void {
  const host = request.headers.get('host') ?? ''
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const reads = READS.includes(request.method)
  const foreignHost = !isOwnHost(host, consoleUrl)
  // `null`, the origin of a sandboxed frame, parses as no URL.
  const foreignOrigin = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host)
  const crossSite = site !== null && site !== 'same-origin' && !(site === 'none' && reads)
  const navigation = !reads && request.headers.get('sec-fetch-mode') === 'navigate'
  if (!foreignHost && !foreignOrigin && !crossSite && !navigation) return
  const seen = shown(foreignHost ? host : foreignOrigin ? origin : null)
  if (seen === null)
    throw new AppError(
      'origin_refused',
      'The request came from another site. Nothing was done. Use the console’s own pages.',
    )
  // If a proxy does not pass the Host header on, host and origin differ, so the message names both.
  const expected = foreignHost ? consoleUrl : host
  throw new AppError(
    'origin_refused',
    `The request came from another site: it names ${seen}, and the console is at ${expected}. Nothing was done. Open the console at its address. If people use another address, set CONSOLE_URL to it, and make the proxy pass the Host header on.`,
    { details: { expected_origin: expected, seen_origin: seen } },
  )
}

/** The host, if it looks like one: anybody may send any text, which would be shown and logged. */
const shown = (name: string | null): string | null => (name !== null && /^[\w.:/[\]-]{1,255}$/.test(name) ? name : null)

export function isOwnHost(host: string, consoleUrl: string): boolean {
  if (URL.canParse(consoleUrl) && new URL(consoleUrl).host === host) return true
  return isLoopbackHost(host)
}

export const isLoopbackHost = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)
