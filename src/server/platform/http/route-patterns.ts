import 'server-only'

/** The routes of src/app, as metrics and logs name them. A unit test compares the list with the files. */
export const ROUTES = [
  '/',
  '/account',
  '/approvals',
  '/audit',
  '/badge/{file}',
  '/calendar',
  '/deliveries',
  '/deploys',
  '/deploys/{id}',
  '/device',
  '/feed/{of}',
  '/flags',
  '/freezes',
  '/health',
  '/insights',
  '/invite/{token}',
  '/lanes',
  '/people',
  '/settings',
  '/setup/{token}',
  '/sign-in',
  '/surfaces/{id}',
  '/surfaces/{id}/setup',
  '/tokens',
  '/api/audit/export',
  '/api/auth/{...all}',
  '/api/command-line',
  '/api/deploys/export',
  '/api/device/code',
  '/api/device/token',
  '/api/github/webhooks',
  '/api/health',
  '/api/health/ready',
  '/api/internal/approvals',
  '/api/internal/approvals/{id}',
  '/api/internal/approvals/{id}/approve',
  '/api/internal/approvals/{id}/refuse',
  '/api/internal/approvals/{id}/withdraw',
  '/api/internal/deploys',
  '/api/internal/deploys/{id}',
  '/api/internal/deploys/{id}/callback',
  '/api/internal/deploys/{id}/cancel',
  '/api/internal/deploys/{id}/evidence',
  '/api/internal/deploys/{id}/log',
  '/api/internal/deploys/{id}/log/text',
  '/api/internal/deploys/{id}/release',
  '/api/internal/deploys/{id}/status',
  '/api/internal/deploys/{id}/stop-watching',
  '/api/internal/freeze-windows',
  '/api/internal/freeze-windows/{id}',
  '/api/internal/freeze-windows/{id}/lift',
  '/api/internal/freezes',
  '/api/internal/me',
  '/api/internal/me/sign-out',
  '/api/internal/queue',
  '/api/internal/queue/{id}',
  '/api/internal/queue/{id}/withdraw',
  '/api/internal/surfaces',
  '/api/internal/surfaces/{id}',
  '/api/internal/surfaces/{id}/lock',
  '/api/internal/surfaces/{id}/net-state',
  '/api/internal/surfaces/{id}/queue/continue',
  '/api/internal/surfaces/{id}/review',
  '/api/openapi.json',
  '/api/trpc/{trpc}',
] as const

/** Files that browsers fetch for every page (src/proxy.ts). */
const FILES = /^\/(_next\/|(icon[^/]*\.(svg|png)|manifest\.webmanifest|robots\.txt)$)/

/** Whether windows, scripts or probes send such requests again and again, so that a line for each would hide the others. */
export const isPolled = (method: string, route: string): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  (route.startsWith(TRPC) || route.startsWith('/api/health') || ['file', '/api/internal/deploys/{id}'].includes(route))

const TRPC = '/api/trpc/'
const FIXED = new Set<string>(ROUTES.filter((route) => !route.includes('{')))
const WITH_PARAMETERS = ROUTES.filter((route) => route.includes('{') && !route.startsWith(TRPC)).map((route) => ({
  route,
  pattern: new RegExp(`^${route.split('/').map(segmentPattern).join('/')}$`),
}))

function segmentPattern(segment: string): string {
  if (segment.startsWith('{...')) return '.+'
  return segment.startsWith('{') ? '[^/]+' : segment.replaceAll('.', '\\.')
}

/**
 * The route of a request's target, without ids and tokens: `/api/internal/deploys/{id}`, `/api/trpc/deploys.get`, `file` for a
 * file of the build. `other` for everything else, so that a client cannot invent values.
 */
export function routeOf(target: string, procedures: ReadonlySet<string>): string {
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  if (FIXED.has(path)) return path
  if (path.startsWith(TRPC)) return procedures.has(path.slice(TRPC.length)) ? path : 'other'
  if (FILES.test(path)) return 'file'
  return WITH_PARAMETERS.find(({ pattern }) => pattern.test(path))?.route ?? 'other'
}
