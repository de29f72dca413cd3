import 'server-only'
import { z } from 'zod'
import { refusalReason } from '~/domain/deploy/approval'
import { id } from '~/domain/input'
import { getApproval, listApprovals, listDecidable } from '~/server/approvals/approval-view'
import { refuseApproval, withdrawApproval } from '~/server/approvals/close-approval'
import { grantApproval } from '~/server/approvals/grant-approval'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

const approvalId = z.object({ id })

export const approvalsRouter = router({
  list: procedureFor('deploy.read')
    .input(z.object({ cursor: id.nullish() }))
    .query(({ ctx, input }) => listApprovals(ctx.deps, ctx.actor, input.cursor ?? null)),

  decidable: procedureFor('deploy.read').query(({ ctx }) => listDecidable(ctx.deps, ctx.actor)),

  get: procedureFor('deploy.read')
    .input(approvalId)
    .query(({ ctx, input }) => getApproval(ctx.deps, ctx.actor, input.id)),

  grant: procedureFor('deploy.approve')
    .input(approvalId)
    .mutation(({ ctx, input }) => grantApproval(ctx.deps, ctx.actor, input.id)),

  refuse: procedureFor('deploy.approve')
    .input(approvalId.extend({ reason: refusalReason }))
    .mutation(({ ctx, input }) => refuseApproval(ctx.deps, ctx.actor, input)),

  withdraw: procedureFor('deploy.dispatch')
    .input(approvalId)
    .mutation(({ ctx, input }) => withdrawApproval(ctx.deps, ctx.actor, input.id)),
})
