import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import type { Deps } from '~/server/deps'

/** A person with a row of their own, and the actor of that person's session. */
export async function insertMember(
  deps: Deps,
  email: string,
  { role = 'admin', environments = null }: { role?: Role; environments?: string[] | null } = {},
): Promise<Actor> {
  const userId = deps.newId()
  await deps.db.user.create({
    data: {
      id: userId,
      name: email,
      email,
      member: {
        create: {
          role,
          environments: environments ?? [],
          allEnvironments: environments === null,
          addedBy: 'test',
          addedAt: deps.now(),
        },
      },
    },
  })
  return {
    name: email,
    userId,
    role,
    environments,
    permissions: null,
    surfaces: null,
    via: 'session',
    provedAt: deps.now(),
  }
}
