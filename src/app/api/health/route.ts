export const dynamic = 'force-dynamic'

/** Live: the process answers. Says nothing about the database; that is `/api/health/ready`. */
export const GET = () => Response.json({ status: 'live' }, { headers: { 'cache-control': 'no-store' } })
