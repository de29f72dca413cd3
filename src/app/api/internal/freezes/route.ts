import { getDeps } from '~/server/deps'
import { answerFreezeCheck } from '~/server/freezes/answer-freeze-check'

export const dynamic = 'force-dynamic'

/** The freeze check of a workflow: `?surface=…`, and `&deploy=…&run=…` when the console started the run. */
export async function GET(request: Request) {
  return answerFreezeCheck(getDeps(), request)
}
