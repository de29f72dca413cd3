import 'server-only'
import { listProofMethods } from '~/server/account/list-proof-methods'
import { procedureFor, router } from '~/server/trpc/init'

/** What somebody sees and does of their own account. Signing in, and what it takes, is below `/api/auth`. */
export const accountRouter = router({
  proofMethods: procedureFor('account.manage').query(({ ctx }) => listProofMethods(ctx.deps, ctx.actor)),
})
