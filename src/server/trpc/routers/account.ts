import 'server-only'
import { accountName, ownId, passkeyName } from '~/domain/input'
import { endOwnSessions, nameOwnPasskey, removeOwnPasskey, renameAccount } from '~/server/account/change-account'
import { listProofMethods, readAccount } from '~/server/account/read-account'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

const own = procedureFor('account.manage')

/** A person's own account. Sign-in methods are added under `/api/auth`. */
export const accountRouter = router({
  get: own.query(({ ctx }) => readAccount(ctx.deps, ctx.actor)),

  proofMethods: own.query(({ ctx }) => listProofMethods(ctx.deps, ctx.actor)),

  rename: own.input(accountName).mutation(({ ctx, input }) => renameAccount(ctx.deps, ctx.actor, input)),

  renamePasskey: own.input(passkeyName).mutation(({ ctx, input }) => nameOwnPasskey(ctx.deps, ctx.actor, input)),

  removePasskey: own.input(ownId).mutation(({ ctx, input }) => removeOwnPasskey(ctx.deps, ctx.actor, input)),

  /** Does nothing itself: like every mutation, it keeps the session from going idle. Sent while a person types. */
  noteActivity: own.mutation(() => null),

  endSession: own.input(ownId).mutation(({ ctx, input }) => endOwnSessions(ctx.deps, ctx.actor, input.id)),

  endOtherSessions: own.mutation(({ ctx }) => endOwnSessions(ctx.deps, ctx.actor, null)),
})
