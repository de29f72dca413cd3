import { getDeps } from '~/server/deps'
import { answerFreezeCheck } from '~/server/freezes/check-freeze'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** The freeze check of a workflow: `?surface=…`, and `&deploy=…&run=…` when the console started the run. */
export async function GET(request: Request) {
  return answerFreezeCheck(getDeps(), request)
}
