import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

/** The database's locks that are known by a number, any number: two of one number would wait for each other. */
export const ADVISORY_LOCKS = {
  /** Held over a pass of the reconciler. */
  reconcilePass: 7_310_424,
  /** Held by whoever appends seals, until the transaction ends. */
  seal: 7_310_426,
} as const

const lock = z.tuple([z.object({ held: z.boolean() })])

/** One at a time, in whatever process: false when another holds it. Given back when the transaction ends. */
export async function takeSealLock(tx: DatabaseHandle): Promise<boolean> {
  const rows = await tx.$queryRaw`SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCKS.seal}::int) AS "held"`
  return lock.parse(rows)[0].held
}

/** Makes changes of who is an admin wait for each other, until the transaction ends. */
export async function lockAdmins(tx: DatabaseHandle): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('console.members.admins'))`
}

/**
 * Until the transaction ends nobody else decides about this flag. A lock on the name and not on rows: the row whose
 * absence decides (production was never promoted) could not be locked.
 */
export async function lockFlag(tx: DatabaseHandle, flag: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`flag ${flag}`}, 0))`
}

/** Makes changes of what one person signs in with wait for each other, until the transaction ends. */
export async function lockUser(tx: DatabaseHandle, id: string): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR UPDATE`
}
