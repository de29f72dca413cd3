import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/db/client'
import type { Statements } from '~/server/db/statements'

const found = z.array(z.object({ enabled: z.boolean() }))

/** Whether the flag was promoted (or demoted) for this environment; null when nobody ever did either. */
export async function findPromotion(db: Statements, flag: string, environment: string): Promise<boolean | null> {
  const rows = await db.$queryRaw`
    SELECT "enabled" FROM "console_flag_promotions" WHERE "flag" = ${flag} AND "environment" = ${environment}`
  return found.parse(rows)[0]?.enabled ?? null
}

export interface Promotion {
  readonly flag: string
  readonly environment: string
  readonly enabled: boolean
  readonly promotedBy: string
  readonly promotedAt: Date
}

/** All of them, or one flag's. */
export function listPromotions(db: DatabaseHandle, flag?: string): Promise<Promotion[]> {
  return db.flagPromotion.findMany({
    where: flag === undefined ? {} : { flag },
    select: { flag: true, environment: true, enabled: true, promotedBy: true, promotedAt: true },
  })
}

/**
 * Until the transaction ends nobody else decides about this flag. A lock on the name and not on rows: the row whose
 * absence decides (production was never promoted) could not be locked.
 */
export async function lockFlag(tx: DatabaseHandle, flag: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`flag ${flag}`}, 0))`
}

export async function writePromotion(tx: DatabaseHandle, promotion: Promotion): Promise<void> {
  const { flag, environment, ...rest } = promotion
  await tx.flagPromotion.upsert({
    where: { flag_environment: { flag, environment } },
    create: promotion,
    update: rest,
    select: { flag: true },
  })
}
