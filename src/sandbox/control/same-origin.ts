import type { IncomingMessage } from 'node:http'

/**
 * Whether a form post comes from a page of this very server. Browsers send Origin with every POST, and Sec-Fetch-Site
 * since 2020; a request with neither comes from no page at all and must show the token instead.
 */
export const isSameOrigin = (request: IncomingMessage, origins: readonly string[]): boolean => {
  const origin = request.headers.origin
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (origin !== undefined) return origins.includes(origin)
  return site === 'same-origin'
}

/** Against DNS rebinding: a name that is not ours in Host means a page elsewhere made the browser believe we are it. */
export const isOwnHost = (request: IncomingMessage, origins: readonly string[]): boolean =>
  origins.includes(`http://${request.headers.host ?? ''}`)
