import 'server-only'
import type { DatabaseHandle } from '~/server/db/client'

/** Whether the flag was promoted (or demoted) for this environment; null when nobody ever did either. */
export async function findPromotion(db: DatabaseHandle, flag: string, environment: string): Promise<boolean | null> {
  const promotion = await db.flagPromotion.findUnique({
    where: { flag_environment: { flag, environment } },
    select: { enabled: true },
  })
  return promotion?.enabled ?? null
}
