import 'server-only'
import { shippedOf } from '~/domain/deploy/account'
import { factsOf, type RunRecord } from '~/domain/deploy/evidence'
import type { Shipped } from '~/domain/deploy/status'
import { readTransitions } from '~/server/audit/append-audit'
import { updateDeployFacts } from '~/server/deploys/deploys'
import type { DatabaseHandle } from '~/server/platform/database'

/** Keeps what GitHub's record of the run proves, and what follows from it: whether anything was shipped. Under the row's lock. */
export async function storeRunRecord(
  tx: DatabaseHandle,
  deploy: { readonly id: string; readonly status: string; readonly lateRunId: bigint | null },
  run: RunRecord,
  at: Date,
): Promise<Shipped> {
  const runRecord = factsOf(run, at)
  const shipped = shippedOf({
    status: deploy.status,
    transitions: (await readTransitions(tx, [deploy.id])).get(deploy.id) ?? [],
    record: runRecord,
    lateRun: deploy.lateRunId === null ? null : { runId: deploy.lateRunId.toString(), attempt: run.attempt },
  })
  await updateDeployFacts(tx, deploy.id, { runRecord, shipped })
  return shipped
}
