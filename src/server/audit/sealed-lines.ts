import 'server-only'
import { readSealHead } from '~/server/audit/audit-seals.sql'
import { sealRecord } from '~/server/audit/seal-record'
import { sealedRecords } from '~/server/audit/sealed-records'
import type { Deps } from '~/server/deps'

/**
 * The sealed trail as text that needs nothing of the console to be verified: a line per row in the order of sealing, its
 * stored hash, a tab, and exactly what that hash is of.
 */
export async function* sealedLines({ db }: Pick<Deps, 'db'>): AsyncGenerator<string> {
  const head = await readSealHead(db)
  for await (const { seal, row } of sealedRecords(db, head?.seq ?? 0n)) {
    if (row === null) {
      throw new Error(
        `Row ${seal.auditEventId}, sealed as ${seal.seq}, is gone: the export ends before it. ` +
          'Nothing was changed. "audit verify" says more.',
      )
    }
    yield `${seal.hash}\t${sealRecord(row, seal)}`
  }
}
