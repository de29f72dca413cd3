import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

const rows = z.array(z.object({ seq: z.int() }))

/** The numbers of the lines that contain a text, whatever its case. Colours inside a word do not hide it. */
export async function searchLogLines(
  db: DatabaseHandle,
  { deployId, text, limit }: { readonly deployId: string; readonly text: string; readonly limit: number },
): Promise<number[]> {
  const found = await db.$queryRaw`
    SELECT "seq" FROM "deploy_log_lines"
    WHERE "deploy_id" = ${deployId}::uuid
      AND position(lower(${text}::text) in lower(regexp_replace("line", '\x1B\\[[0-?]*[ -/]*[@-~]', '', 'g'))) > 0
    ORDER BY "seq" LIMIT ${limit}`
  return rows.parse(found).map(({ seq }) => seq)
}
