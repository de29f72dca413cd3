import 'server-only'
import type { EndedDeploy } from '~/server/deliveries/send/deliver'

/** Raised when a member changes its meaning or goes; new members may come without. */
const VERSION = 1

/** The body of a signed delivery (docs/webhooks.md). `ended: null`: a test. */
export function outcomePayload(ended: EndedDeploy | null, consoleUrl: string, createdAt: Date) {
  if (ended === null) return { type: 'test', version: VERSION, timestamp: createdAt.toISOString(), data: {} }
  const { row, account } = ended
  return {
    type: 'deploy.ended',
    version: VERSION,
    timestamp: (row.finishedAt ?? createdAt).toISOString(),
    data: {
      deploy: {
        id: row.id,
        status: row.status,
        shipped: account.shipped,
        headline: account.headline,
        sentences: account.sentences,
        failure_stage: row.failureStage,
        surface: { id: row.surfaceId, name: row.surface.name, environment: row.surface.environment },
        repository: row.repository,
        ref: row.ref,
        sha: row.sha,
        // Outgrows what a JSON number holds exactly.
        run_id: row.githubRunId?.toString() ?? null,
        requested_by: row.requestedBy,
        requested_at: row.requestedAt.toISOString(),
        finished_at: row.finishedAt?.toISOString() ?? null,
        url: `${consoleUrl}/?deploy=${row.id}`,
      },
    },
  }
}
