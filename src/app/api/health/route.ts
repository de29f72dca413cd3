import { getDeps } from '~/server/deps'
import { versionIn } from '~/server/platform/version'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

const version = versionIn()

/** Liveness: the process answers. `/api/health/ready` checks the database. The commit is null if it is not known. */
export const GET = () =>
  Response.json(
    { status: 'live', version, commit: getDeps().config.commit ?? null },
    { headers: { 'cache-control': 'no-store' } },
  )
