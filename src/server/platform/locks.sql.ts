import 'server-only'
import { z } from 'zod'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'
import type { DatabaseHandle } from '~/server/platform/database'

const lock = z.tuple([z.object({ held: z.boolean() })])

/** Returns false if another process is sealing. The lock ends with the transaction. */
export async function takeSealLock(tx: DatabaseHandle): Promise<boolean> {
  const rows = await tx.$queryRaw`SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCKS.seal}::int) AS "held"`
  return lock.parse(rows)[0].held
}

/** Waits until no other process is sealing. The lock ends with the transaction. */
export async function waitForSealLock(tx: DatabaseHandle): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.seal}::int)`
}

/** Serialises changes of admins until the transaction ends. */
export async function lockAdmins(tx: DatabaseHandle): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('console.members.admins'))`
}

/** Serialises changes of the declared surfaces until the transaction ends, so that each is compared with what the one before stored. */
export async function lockDeclarations(tx: DatabaseHandle): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('console.surfaces.declarations'))`
}

/**
 * Serialises changes of a flag until the transaction ends. The lock is on the name, because a flag that was never promoted has
 * no row to lock.
 */
export async function lockFlag(tx: DatabaseHandle, flag: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`flag ${flag}`}, 0))`
}

/** Serialises changes of a person's sign-in methods until the transaction ends. */
export async function lockUser(tx: DatabaseHandle, id: string): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR UPDATE`
}

/** Serialises new badges and feeds of a surface, or new feeds of all surfaces (null), until the transaction ends, so that each is counted. */
export async function lockEmbeds(tx: DatabaseHandle, surfaceId: string | null): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`embeds ${JSON.stringify(surfaceId)}`}, 0))`
}

/** Serialises requests that join the queue of a surface until the transaction ends, so that each is counted. */
export async function lockQueue(tx: DatabaseHandle, surfaceId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`queue ${surfaceId}`}, 0))`
}
