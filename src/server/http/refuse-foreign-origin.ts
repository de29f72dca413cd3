import 'server-only'
import { AppError } from '~/domain/errors'
import { problemResponse } from '~/server/http/problem'

/**
 * Until sign-in exists, whoever reaches the server is the operator, so a page of another site must not reach it
 * through the operator's browser: neither cross-site (`Sec-Fetch-Site`, `Origin`) nor under a name of its own that
 * resolves to this machine (DNS rebinding: `Host`). Null when the request may go on.
 */
export function refuseForeignOrigin(request: Request, consoleUrl: string): Response | null {
  const host = request.headers.get('host') ?? ''
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const foreignHost = !isOwnHost(host, consoleUrl)
  const foreignOrigin = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host)
  const crossSite = site !== null && site !== 'same-origin' && site !== 'none'
  if (!foreignHost && !foreignOrigin && !crossSite) return null
  return problemResponse(new AppError('origin_refused', 'The request came from another site. Nothing was done.'))
}

export function isOwnHost(host: string, consoleUrl: string): boolean {
  if (URL.canParse(consoleUrl) && new URL(consoleUrl).host === host) return true
  return isLoopbackHost(host)
}

export const isLoopbackHost = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)
