import 'server-only'
import { z } from 'zod'
import { auditFilter } from '~/domain/audit/filter'
import { pageSize, rowCursor } from '~/domain/input'
import { listAudit, listAuditFacets } from '~/server/audit/read-audit'
import { readSealState } from '~/server/audit/seal-audit'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const auditRouter = router({
  list: procedureFor('audit.read')
    .input(
      z.object({
        filter: auditFilter.default({}),
        cursor: rowCursor.nullish(),
        limit: pageSize,
      }),
    )
    .query(({ ctx, input }) => listAudit(ctx.deps, { ...input, cursor: input.cursor ?? null })),

  sealState: procedureFor('audit.read').query(({ ctx }) => readSealState(ctx.deps)),

  facets: procedureFor('audit.read').query(({ ctx }) => listAuditFacets(ctx.deps)),
})
