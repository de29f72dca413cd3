import { evidenceText } from '~/server/audit/verify-evidence'
import { authorize } from '~/server/auth/authorize'
import { writeEvidence } from '~/server/deploys/evidence/write-evidence'
import { deployIdOf, refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute('audit.read', async ({ deps, actor }, { id }: { readonly id: string }) => {
  const file = await writeEvidence(deps, authorize(actor, 'deploy.read').name, deployIdOf(id))
  return new Response(evidenceText(file), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="evidence-${id}.json"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
})
