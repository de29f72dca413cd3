import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

/** The flags that were promoted or demoted in this environment, and their values. */
export async function findPromotions(
  db: DatabaseHandle,
  flags: readonly string[],
  environment: string,
): Promise<ReadonlyMap<string, boolean>> {
  const rows = await db.flagPromotion.findMany({
    where: { flag: { in: [...flags] }, environment },
    select: { flag: true, enabled: true },
  })
  return new Map(rows.map(({ flag, enabled }) => [flag, enabled]))
}

export interface Promotion {
  readonly flag: string
  readonly environment: string
  readonly enabled: boolean
  readonly promotedBy: string
  readonly promotedAt: Date
}

export function listPromotions(db: DatabaseHandle, flag?: string): Promise<Promotion[]> {
  return db.flagPromotion.findMany({
    where: flag === undefined ? {} : { flag },
    select: { flag: true, environment: true, enabled: true, promotedBy: true, promotedAt: true },
  })
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
