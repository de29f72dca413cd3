import { z } from 'zod'
import type { Actor } from '~/domain/actor'
import { ADMIN_LIMITED, adminsReachAll, emailAddress, type MemberLimits, memberLimits } from '~/domain/member-input'
import { ROLES } from '~/domain/permissions'
import { type CommandContext, serverCommand } from './server-command.ts'

/** The actor in the audit trail. A person who can run a command already has access to the whole database. */
const COMMAND_LINE: Actor = {
  name: 'console',
  userId: '00000000-0000-0000-0000-000000000000',
  role: 'admin',
  environments: null,
  permissions: null,
  surfaces: null,
  via: 'session',
  // A command needs no sign-in, and so no fresh proof.
  provedAt: new Date(),
}

const environments = z
  .string({ error: 'required: a list of environments, or "all"' })
  .transform((text) => (text === 'all' ? null : text.split(',').map((name) => name.trim())))
  .pipe(memberLimits.shape.environments)

const fits = (given: Pick<MemberLimits, 'role'> & { readonly in: MemberLimits['environments'] }) =>
  adminsReachAll({ role: given.role, environments: given.in })
const unfit = { path: ['in'], error: ADMIN_LIMITED }

const EMAIL = { type: 'string', value: '<address>', summary: 'of the person' } as const
const ROLE = { type: 'string', value: '<role>', summary: ROLES.join(', ') } as const
const IN = {
  type: 'string',
  value: '<environments>',
  summary: 'environments that the person may change: staging,production, or all',
} as const

export const userList = serverCommand({
  name: 'user list',
  summary: 'prints all members, also suspended ones: address, role, environments, date',
  input: z.object({}),
  run: async (context) => {
    const { listMemberPage } = await import('~/server/members/manage/list-members')
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof listMemberPage>> = await listMemberPage(context.deps, cursor)
      for (const { email, role, environments: limits, addedAt, suspendedAt } of page.members) {
        const since = suspendedAt === null ? `since ${addedAt}` : `suspended ${suspendedAt}`
        await context.print([email, role, limits === null ? 'all' : limits.join(','), since].join('  '))
      }
      cursor = page.nextCursor
    } while (cursor !== null)
    return 'done'
  },
})

export const userInvite = serverCommand({
  name: 'user invite',
  summary: 'prints the path of a one-time invitation. Put the console’s address in front of it',
  options: { email: { ...EMAIL, summary: 'the only person who may use it' }, role: ROLE, in: IN },
  input: z
    .object({ email: emailAddress.optional(), role: memberLimits.shape.role, in: environments })
    .refine(fits, unfit),
  run: async ({ deps, print }, { email, role, in: limits }) => {
    const { invite } = await import('~/server/members/manage/links')
    const link = await invite(deps, COMMAND_LINE, { email: email ?? null, role, environments: limits })
    process.stderr.write(`It works once, until ${link.expiresAt}.\n`)
    await print(link.path)
    return 'done'
  },
})

export const userSetRole = serverCommand({
  name: 'user set-role',
  summary: 'changes a member’s role and environments, from the next request on',
  options: { email: EMAIL, role: ROLE, in: IN },
  input: z.object({ email: emailAddress, role: memberLimits.shape.role, in: environments }).refine(fits, unfit),
  run: async (context, { email, role, in: limits }) => {
    const { changeMember } = await import('~/server/members/manage/change-member')
    const userId = await userIdOf(context, email)
    await changeMember(context.deps, COMMAND_LINE, { userId, role, environments: limits })
    await context.print(`${email} is ${role}.`)
    return 'done'
  },
})

export const userSuspend = serverCommand({
  name: 'user suspend',
  summary: 'suspends a member. Every session and API token of the member ends',
  options: { email: EMAIL },
  input: z.object({ email: emailAddress }),
  run: async (context, { email }) => {
    const { suspendMember } = await import('~/server/members/manage/change-member')
    await suspendMember(context.deps, COMMAND_LINE, await userIdOf(context, email))
    await context.print(`${email} is suspended.`)
    return 'done'
  },
})

export const userRestore = serverCommand({
  name: 'user restore',
  summary: 'restores a suspended member’s access, with the same role and environments',
  options: { email: EMAIL },
  input: z.object({ email: emailAddress }),
  run: async (context, { email }) => {
    const { restoreMember } = await import('~/server/members/manage/change-member')
    await restoreMember(context.deps, COMMAND_LINE, await userIdOf(context, email))
    await context.print(`${email} has access again.`)
    return 'done'
  },
})

export const userRecover = serverCommand({
  name: 'user recover',
  summary: 'prints the path of a one-time link, valid for a day, with which a member sets a new password',
  options: { email: EMAIL },
  input: z.object({ email: emailAddress }),
  run: async (context, { email }) => {
    const { makePasswordLink } = await import('~/server/members/manage/links')
    const { path } = await makePasswordLink(context.deps, COMMAND_LINE, await userIdOf(context, email))
    await context.print(path)
    return 'done'
  },
})

async function userIdOf({ deps }: CommandContext, email: string): Promise<string> {
  const { readUserIdOf } = await import('~/server/members/members')
  const userId = await readUserIdOf(deps.db, email)
  if (userId === null) throw new Error(`No member has the address ${email}. Nothing was changed. See "user list".`)
  return userId
}
