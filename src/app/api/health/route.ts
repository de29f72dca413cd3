import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Live: the process answers. Says nothing about the database; that is `/api/health/ready`. */
export const GET = () => Response.json({ status: 'live' }, { headers: { 'cache-control': 'no-store' } })
