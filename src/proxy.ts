import { randomBytes } from 'node:crypto'
import { type NextRequest, NextResponse } from 'next/server'
import { processEnvironment } from '~/server/platform/config'
import { type Limited, secondsToWait } from '~/server/platform/http/rate-limits'
import { pagePolicy } from '~/server/platform/http/security-headers'

const development = processEnvironment()['NODE_ENV'] === 'development'

/** What `getDeps` made before the first request. Made here, it would bring a second copy of everything it needs. */
const shared = globalThis as typeof globalThis & { deployConsoleDeps?: Limited }

/** Pages only: every request that passes here costs time, and the API has its headers from the guard (server/http/guard.ts). */
export const config = {
  matcher: '/((?!api/|_next/|(?:icon[^/]*\\.(?:svg|png)|manifest\\.webmanifest|robots\\.txt)$).*)',
}

/** A policy with a nonce of its own for every page. Next finds it in the request, and gives the nonce to its scripts. */
export function proxy(request: NextRequest): Response {
  const wait = shared.deployConsoleDeps === undefined ? 0 : secondsToWait(shared.deployConsoleDeps, request)
  if (wait > 0) {
    const text = `Too many requests came from your address. Nothing was changed. Try again in ${wait} s.\n`
    return new Response(text, { status: 429, headers: { 'cache-control': 'no-store', 'retry-after': String(wait) } })
  }
  const policy = pagePolicy({ nonce: randomBytes(16).toString('base64'), development })
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}
