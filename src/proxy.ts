import { randomBytes } from 'node:crypto'
import { type NextRequest, NextResponse } from 'next/server'
import { processEnvironment } from '~/server/platform/config'
import { databaseAwayPage } from '~/server/platform/http/database-away-page'
import { secondsToWait } from '~/server/platform/http/rate-limits'
import { pagePolicy } from '~/server/platform/http/security-headers'
import { readTheme, THEME_COOKIE, themeMark } from '~/ui/preferences/theme'

const development = processEnvironment()['NODE_ENV'] === 'development'

/** Pages only, because this costs time for each request. Other answers get their headers from platform/http/guard.ts. */
export const config = {
  matcher: '/((?!api/|badge/|feed/|_next/|(?:icon[^/]*\\.(?:svg|png)|manifest\\.webmanifest|robots\\.txt)$).*)',
}

/**
 * Gives each page a content policy with a new nonce. Next reads the nonce from the request and adds it to its scripts. While the database is
 * away, no page is rendered: Next has no way to answer 503.
 */
export async function proxy(request: NextRequest): Promise<Response> {
  // Not `getDeps`, which would bundle a second copy of the server. It ran before the first request.
  const deps = globalThis.deployConsoleDeps
  const wait = deps === undefined ? 0 : secondsToWait(deps, request)
  if (wait > 0) {
    const text = `Rate limit exceeded for your address. Nothing was changed. Try again in ${wait} s.\n`
    return new Response(text, { status: 429, headers: { 'cache-control': 'no-store', 'retry-after': String(wait) } })
  }
  const nonce = randomBytes(16).toString('base64')
  if (await deps?.readiness.isDatabaseAway()) {
    return databaseAwayPage({ nonce, theme: themeMark(readTheme(request.cookies.get(THEME_COOKIE)?.value)) })
  }
  const policy = pagePolicy({ nonce, development })
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}
