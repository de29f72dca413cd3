import 'server-only'
import { absentPhases, type Transition } from '~/domain/deploy/phases'
import { type DeployReport, describeDeploy } from '~/domain/deploy/report'
import { phaseJobs, runFacts } from '~/domain/deploy/run-record'
import type { Prisma } from '~/server/platform/generated/client.ts'

/** The columns that `describeDeployRow` needs. It also needs the accepted transitions. */
export const reportSelect = {
  status: true,
  sha: true,
  failureStage: true,
  requestedAt: true,
  githubRunId: true,
  runRecord: true,
  lateRunId: true,
  lateRunAttempt: true,
  holdsSurface: true,
  releasedAt: true,
  phaseJobs: true,
  probeSeconds: true,
} satisfies Prisma.DeploySelect

/** The values of these columns, from any query. */
export interface ReportRow {
  readonly status: string
  readonly sha: string | null
  readonly failureStage: string | null
  readonly requestedAt: Date
  readonly githubRunId: bigint | null
  readonly runRecord: unknown
  readonly lateRunId: bigint | null
  readonly lateRunAttempt: number | null
  readonly holdsSurface: boolean
  readonly releasedAt: Date | null
  readonly phaseJobs: unknown
  readonly probeSeconds: number | null
}

/** The report of a stored deploy. A run record that this version cannot read proves nothing and counts as missing. */
export function describeDeployRow(
  row: ReportRow,
  transitions: readonly Transition[],
  reportedSha: string | null = null,
): DeployReport {
  const { status, sha, failureStage, lateRunId, holdsSurface } = row
  return describeDeploy({
    status,
    sha,
    reportedSha,
    failureStage,
    transitions,
    requestedAt: row.requestedAt.toISOString(),
    runId: row.githubRunId?.toString() ?? null,
    record: runFacts.safeParse(row.runRecord).data ?? null,
    lateRun: lateRunId === null ? null : { runId: lateRunId.toString(), attempt: row.lateRunAttempt ?? 1 },
    holdsSurface,
    released: row.releasedAt !== null,
    absent: absentPhases(phaseJobs.safeParse(row.phaseJobs).data ?? null, row.probeSeconds !== null),
  })
}
