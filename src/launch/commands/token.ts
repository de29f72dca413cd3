import { z } from 'zod'
import type { TokenView } from '~/domain/api-token'
import { createTokenInput } from '~/domain/api-token-input'
import { serverCommand } from './server-command.ts'

const list = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .optional()

const createOptions = z
  .object({
    owner: z.string({ error: 'required' }),
    label: z.string({ error: 'required' }),
    may: list,
    in: list,
    only: list,
    days: z.coerce.number().default(30),
  })
  .transform(({ owner, label, may, in: environments, only, days }, context) => {
    const asked = { label, permissions: may ?? [], environments, surfaces: only, expiresInDays: days }
    const parsed = createTokenInput.safeParse(asked)
    if (parsed.success) return { owner, input: parsed.data }
    const [issue] = parsed.error.issues
    context.addIssue({
      code: 'custom',
      path: [OPTION_OF[String(issue?.path[0])] ?? 'may'],
      message: issue?.message ?? '',
    })
    return z.NEVER
  })

/** The options for the members of a token. */
const OPTION_OF: Readonly<Record<string, string>> = {
  label: 'label',
  permissions: 'may',
  environments: 'in',
  surfaces: 'only',
  expiresInDays: 'days',
}

export const tokenCreate = serverCommand({
  name: 'token create',
  summary: 'creates an API token and prints it once, without other text: `npm run -s console -- token create … > file`',
  options: {
    owner: {
      type: 'string',
      value: '<address>',
      summary: 'the member for whom the token acts, within that member’s permissions',
    },
    label: { type: 'string', value: '<label>', summary: 'the name in deploys and the audit trail: token:<label>' },
    may: { type: 'string', value: '<permissions>', summary: 'such as deploy.read,deploy.dispatch' },
    in: { type: 'string', value: '<environments>', summary: 'the environments that it may change, such as staging' },
    only: {
      type: 'string',
      value: '<surfaces>',
      summary: 'ids of surfaces. Default: all surfaces of these environments',
    },
    days: { type: 'string', value: '<days>', summary: 'days until it expires. Default: 30, at most 365' },
  },
  input: createOptions,
  run: async ({ deps, print }, { owner, input }) => {
    const { createTokenFor } = await import('~/server/tokens/manage-tokens')
    const { secret, token } = await createTokenFor(deps, owner, input)
    // Standard output holds the token alone, so that it can be piped into a file.
    process.stderr.write(`Token ${token.id} of ${token.owner}, until ${token.expiresAt}. It is not shown again.\n`)
    await print(secret)
    return 'done'
  },
})

export const tokenList = serverCommand({
  name: 'token list',
  summary: 'prints every API token, newest first: id, label, visible part, owner, state, last use, expiry, scope',
  input: z.object({}),
  run: async ({ deps, print }) => {
    const { listTokensOf } = await import('~/server/tokens/manage-tokens')
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof listTokensOf>> = await listTokensOf(deps, null, { cursor, limit: 200 })
      for (const token of page.tokens) await print(lineOf(token))
      cursor = page.nextCursor
    } while (cursor !== null)
    return 'done'
  },
})

export const tokenRevoke = serverCommand({
  name: 'token revoke',
  summary: 'revokes an API token. The next request with it is refused',
  options: { id: { type: 'string', value: '<id>', summary: 'the id from "token list", never the token itself' } },
  input: z.object({ id: z.uuid({ error: 'expected an id from "token list"' }) }),
  run: async ({ deps, print }, { id }) => {
    const { revokeTokenOf } = await import('~/server/tokens/manage-tokens')
    await revokeTokenOf(deps, { id, userId: null }, 'console')
    await print(`Token ${id} is revoked.`)
    return 'done'
  },
})

function lineOf({ id, label, shown, owner, state, lastUsedAt, expiresAt, ...scope }: TokenView): string {
  const surfaces = scope.surfaces === null ? [] : [`only ${scope.surfaces.join(',')}`]
  const reach = scope.environments.length === 0 ? [] : [`in ${scope.environments.join(',')}`, ...surfaces]
  const used = lastUsedAt === null ? 'never used' : `used ${lastUsedAt}`
  const parts = [id, label, shown, owner, state, used, `until ${expiresAt}`, scope.permissions.join(','), ...reach]
  return parts.join('  ')
}
