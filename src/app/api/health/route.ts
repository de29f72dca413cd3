import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Liveness: the process answers. `/api/health/ready` checks the database. */
export const GET = () => Response.json({ status: 'live' }, { headers: { 'cache-control': 'no-store' } })
