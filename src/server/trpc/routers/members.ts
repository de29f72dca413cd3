import 'server-only'
import { z } from 'zod'
import { id } from '~/domain/input'
import { changeMemberInput, inviteInput } from '~/domain/member-input'
import { changeMember, restoreMember, suspendMember } from '~/server/members/manage/change-member'
import { invite, makePasswordLink, takeBackInvitation } from '~/server/members/manage/links'
import { listMemberPage, listOpenInvitations } from '~/server/members/manage/list-members'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const membersRouter = router({
  list: procedureFor('member.manage')
    // The client's infinite queries require the name `cursor`.
    .input(z.object({ cursor: id.nullish() }))
    .query(({ ctx, input }) => listMemberPage(ctx.deps, input.cursor ?? null)),

  invitations: procedureFor('member.manage').query(({ ctx }) => listOpenInvitations(ctx.deps)),

  invite: procedureFor('member.manage')
    .input(inviteInput)
    .mutation(({ ctx, input }) => invite(ctx.deps, ctx.actor, input)),

  /** A link with which a member sets a new password. */
  passwordLink: procedureFor('member.manage')
    .input(z.object({ userId: id }))
    .mutation(({ ctx, input }) => makePasswordLink(ctx.deps, ctx.actor, input.userId)),

  takeBackInvitation: procedureFor('member.manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => takeBackInvitation(ctx.deps, ctx.actor, input.id)),

  change: procedureFor('member.manage')
    .input(changeMemberInput)
    .mutation(({ ctx, input }) => changeMember(ctx.deps, ctx.actor, input)),

  suspend: procedureFor('member.manage')
    .input(z.object({ userId: id }))
    .mutation(({ ctx, input }) => suspendMember(ctx.deps, ctx.actor, input.userId)),

  restore: procedureFor('member.manage')
    .input(z.object({ userId: id }))
    .mutation(({ ctx, input }) => restoreMember(ctx.deps, ctx.actor, input.userId)),
})
