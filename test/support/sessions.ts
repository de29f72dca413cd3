import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Role } from '~/domain/permissions'
import type { Deps } from '~/server/deps'
import type { ServerConfig } from '~/server/platform/config'

type SignInDeps = Pick<Deps, 'db' | 'newId'> & { readonly config: Pick<ServerConfig, 'authSecrets'> }

interface Member {
  readonly email?: string
  readonly role?: Role
  readonly environments?: readonly string[] | null
}

/**
 * A signed-in member, for tests that are not about signing in: only the rows of a sign-in, without the slow hash of a
 * password. Returns the cookie as the library signs it.
 */
export async function signedInAs(deps: SignInDeps, member: Member = {}): Promise<string> {
  const { email = 'operator@example.com', role = 'admin', environments = null } = member
  const limits = { role, environments: [...(environments ?? [])], allEnvironments: environments === null }
  const user = await deps.db.user.upsert({
    where: { email },
    create: { id: deps.newId(), email, name: email },
    update: {},
    select: { id: true },
  })
  await deps.db.member.upsert({
    where: { userId: user.id },
    create: { ...limits, userId: user.id, addedBy: 'test', addedAt: new Date() },
    update: limits,
  })
  const token = randomBytes(24).toString('base64url')
  const expiresAt = new Date(Date.now() + 3_600_000)
  await deps.db.session.create({ data: { id: randomUUID(), token, userId: user.id, expiresAt } })
  return cookieOf(deps.config, token)
}

/** A session's cookie as the library signs it. */
export function cookieOf({ authSecrets }: Pick<ServerConfig, 'authSecrets'>, token: string): string {
  const signature = createHmac('sha256', authSecrets[0] ?? '')
    .update(token)
    .digest('base64')
  return `console.session_token=${encodeURIComponent(`${token}.${signature}`)}`
}
