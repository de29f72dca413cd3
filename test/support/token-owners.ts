import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import type { Deps } from '~/server/deps'

/** A person with a row of his or her own, and the actor such a session would be. */
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
