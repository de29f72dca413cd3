import { evidenceText } from '~/server/audit/verify-evidence'
import { authorize } from '~/server/auth/authorize'
import { writeEvidence } from '~/server/deploys/evidence/write-evidence'
import { deployIdOf, refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute('audit.read', async ({ deps, actor, request }, { id }: { readonly id: string }) => {
  const { name, userId: account } = authorize(actor, 'deploy.read')
  const deployId = deployIdOf(id)
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-disposition': `attachment; filename="evidence-${deployId}.json"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  const { method } = request
  return deps.largeAnswers.send({ account, method }, headers, async () =>
    evidenceText(await writeEvidence(deps, name, deployId)),
  )
})
