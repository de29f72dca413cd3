import 'server-only'
import type { Actor } from '~/domain/actor'
import { type SavedFilter, type SavedView, savedFilter, VIEWS_AT_MOST } from '~/domain/deploy/deploy-list'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { lockUser } from '~/server/platform/locks.sql'

/** The actor's own views, by name. A view that this version cannot read is left out and kept. */
export async function listViews({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<SavedView[]> {
  const rows = await db.savedView.findMany({
    where: { userId: actor.userId },
    orderBy: { name: 'asc' },
    select: { id: true, name: true, filter: true },
  })
  return rows.flatMap(({ id, name, filter }) => {
    const read = savedFilter.safeParse(filter).data
    return read === undefined ? [] : [{ id, name, filter: read }]
  })
}

/** Saves a view of the actor. The same name replaces it. Throws `views_full`. */
export async function saveView(
  deps: Pick<Deps, 'db' | 'now' | 'newId'>,
  actor: Actor,
  { name, filter }: { readonly name: string; readonly filter: SavedFilter },
): Promise<SavedView> {
  const { userId } = actor
  return deps.db.$transaction(async (tx) => {
    // So that two windows together do not save more than the limit.
    await lockUser(tx, userId)
    const others = await tx.savedView.count({ where: { userId, name: { not: name } } })
    if (others >= VIEWS_AT_MOST) {
      throw new AppError('views_full', `You have ${VIEWS_AT_MOST} views. Nothing was saved. Remove one first.`)
    }
    const { id } = await tx.savedView.upsert({
      where: { userId_name: { userId, name } },
      create: { id: deps.newId(), userId, name, filter, createdAt: deps.now() },
      update: { filter },
      select: { id: true },
    })
    return { id, name, filter }
  })
}

/** Removes a view of the actor. A view that is already gone counts as removed. */
export async function removeView({ db }: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<void> {
  await db.savedView.deleteMany({ where: { id, userId: actor.userId } })
}
