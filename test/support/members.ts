import type { Actor } from '~/domain/actor'
import type { Deps } from '~/server/deps'

/** Makes a test's actor a member with the actor's own role and environments. */
export async function insertMember(deps: Deps, actor: Actor): Promise<Actor> {
  const { userId, name, role, environments } = actor
  await deps.db.user.create({ data: { id: userId, name, email: `${userId}@example.com` } })
  await deps.db.member.create({
    data: {
      userId,
      role,
      environments: [...(environments ?? [])],
      allEnvironments: environments === null,
      addedBy: 'test',
      addedAt: new Date(),
    },
  })
  return actor
}
