import { z } from 'zod'
import { emailAddress } from '~/domain/member'
import { ROLES } from '~/domain/permissions'
import { command } from './command.ts'
import { consoleAddress } from './console-address.ts'

const email = z.string({ error: 'say whom' }).pipe(emailAddress)

const names = z.string().transform((text) => text.split(',').map((part) => part.trim()))

const WHOM = { type: 'string', value: '<address>', summary: 'the e-mail address' } as const

export const userList = command({
  name: 'user list',
  summary: 'prints every member: address, role, environments, and whether access is suspended',
  input: z.object({}),
  run: async ({ deps, print }) => {
    const { listPeople } = await import('~/server/members/list-people')
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof listPeople>> = await listPeople(deps, cursor)
      for (const { email: address, role, environments, suspendedAt } of page.members) {
        const state = suspendedAt === null ? 'active' : `suspended ${suspendedAt}`
        await print([address, role, environments?.join(',') ?? 'every environment', state].join('\t'))
      }
      cursor = page.nextCursor
    } while (cursor !== null)
    return 'done'
  },
})

export const userInvite = command({
  name: 'user invite',
  summary: 'prints a link that lets one person in, once and within seven days',
  options: {
    email: WHOM,
    role: { type: 'string', value: '<role>', summary: `${ROLES.join(', ')}` },
    in: { type: 'string', value: '<environments>', summary: 'where they may change anything; without it everywhere' },
  },
  input: z.object({ email, role: z.enum(ROLES, { error: `one of ${ROLES.join(', ')}` }), in: names.optional() }),
  run: async ({ config, deps, print }, { email: address, role, in: environments }) => {
    const { invite } = await import('~/server/members/invite')
    const link = await invite(deps, 'console', { email: address, role, environments: environments ?? null })
    await print(`${consoleAddress(config)}${link.path}`)
    return 'done'
  },
})

export const userRecover = command({
  name: 'user recover',
  summary: 'prints a link by which a member who forgot the password sets a new one, once and within a day',
  options: { email: WHOM },
  input: z.object({ email }),
  run: async ({ config, deps, print }, { email: address }) => {
    const { memberIdOf } = await import('~/server/members/member-id')
    const { makeRecoveryLink } = await import('~/server/members/recovery-link')
    const { path } = await makeRecoveryLink(deps, 'console', await memberIdOf(deps, address))
    await print(`${consoleAddress(config)}${path}`)
    return 'done'
  },
})

export const userSuspend = command({
  name: 'user suspend',
  summary: 'takes a member’s access away: every session ends; a running console follows within seconds',
  options: { email: WHOM },
  input: z.object({ email }),
  run: async ({ config, deps, print }, { email: address }) => {
    const { memberIdOf } = await import('~/server/members/member-id')
    const { suspendMember } = await import('~/server/members/change-member')
    const sandbox = config.githubCredentials === undefined
    await suspendMember(
      { ...deps, config: { sandboxUrl: sandbox ? '' : undefined } },
      'console',
      await memberIdOf(deps, address),
    )
    await print(`${address} has no access any more.`)
    return 'done'
  },
})
