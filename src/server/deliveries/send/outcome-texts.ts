import 'server-only'
import type { DeployReport } from '~/domain/deploy/report'
import type { DeployWatch } from '~/domain/deploy/watch'
import { inSentence, visibleSentence } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import type { DeployRow } from '~/server/deploys/deploys'

/** An emoji for each outcome, before its words. */
const EMOJI: Readonly<Record<string, string>> = { succeeded: '✅', failed: '❌', timed_out: '⏱️', cancelled: '🚫' }

/** A deploy that has ended, with the report of it. */
export interface EndedDeploy {
  readonly row: DeployRow
  readonly report: DeployReport
  /** Set if the delivery tells that the surface turned unhealthy. */
  readonly watch: DeployWatch | null
}

type MessageFacts = Pick<
  DeployRow,
  'id' | 'status' | 'failureDetail' | 'ref' | 'sha' | 'requestedBy' | 'requestedAt' | 'finishedAt'
> & { readonly surface: { readonly name: string; readonly environment: string } }

/** The Slack message about the outcome of a deploy, in Slack's mrkdwn. */
export function outcomeMessage(
  deploy: MessageFacts,
  report: Pick<DeployReport, 'headline' | 'sentences'>,
  consoleUrl: string,
): string {
  const lines = [
    `*${EMOJI[deploy.status] ?? '•'} ${foreign(report.headline)}: ${surfaceText(deploy)}`,
    `${refText(deploy)}${durationText(deploy)}`,
    ...(deploy.failureDetail === null
      ? []
      : [`> ${escapeMarkup(visibleSentence(deploy.failureDetail.slice(0, 500))).replaceAll('\n', '\n> ')}`]),
    ...report.sentences.map((sentence) => escapeMarkup(visibleSentence(sentence))),
    `<${consoleUrl}/deploys/${deploy.id}|Open the deploy>`,
  ]
  return lines.join('\n')
}

/** The Slack message that the surface turned unhealthy after a deploy. */
export function unhealthyMessage(deploy: MessageFacts, watch: DeployWatch, consoleUrl: string): string {
  const lines = [
    `*⚠️ Unhealthy after its deploy: ${surfaceText(deploy)}`,
    refText(deploy),
    ...watch.sentences.map((sentence) => escapeMarkup(visibleSentence(sentence))),
    `<${consoleUrl}/deploys/${deploy.id}|Open the deploy>`,
  ]
  return lines.join('\n')
}

const surfaceText = ({ surface }: MessageFacts) => `${foreign(surface.name)}*, ${foreign(surface.environment)}`

function refText({ ref, sha, requestedBy }: MessageFacts): string {
  const commit = sha === null || sha === ref ? '' : ` (${shortSha(sha)})`
  return `${foreign(sha === ref ? shortSha(ref) : refLabel(ref))}${commit} by ${foreign(requestedBy)}`
}

function durationText({ requestedAt, finishedAt }: Pick<DeployRow, 'requestedAt' | 'finishedAt'>): string {
  if (finishedAt === null) return ''
  const seconds = Math.round((finishedAt.getTime() - requestedAt.getTime()) / 1000)
  return `, after ${seconds < 60 ? '' : `${Math.floor(seconds / 60)} min `}${seconds % 60} s`
}

const foreign = (text: string) => escapeMarkup(inSentence(text))

/** Slack's three control characters (Slack, "Formatting text": escaping). */
const escapeMarkup = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Increased when a member is removed or changes its meaning. Adding a member does not increase it. */
const VERSION = 1

/** The body of a signed delivery (docs/webhooks.md). `ended: null`: a test delivery. */
export function outcomePayload(ended: EndedDeploy | null, consoleUrl: string, createdAt: Date) {
  if (ended === null) return { type: 'test', version: VERSION, timestamp: createdAt.toISOString(), data: {} }
  const { row, report, watch } = ended
  return {
    type: watch === null ? 'deploy.ended' : 'deploy.unhealthy',
    version: VERSION,
    timestamp: (watch === null ? (row.finishedAt ?? createdAt) : createdAt).toISOString(),
    data: {
      ...(watch === null ? {} : { watch: watchPayload(watch, consoleUrl) }),
      deploy: {
        id: row.id,
        status: row.status,
        shipped: report.shipped,
        headline: report.headline,
        sentences: report.sentences,
        failure_stage: row.failureStage,
        surface: { id: row.surfaceId, name: row.surface.name, environment: row.surface.environment },
        repository: row.repository,
        ref: row.ref,
        sha: row.sha,
        // A string: run ids can exceed the integers that a JSON number holds exactly.
        run_id: row.githubRunId?.toString() ?? null,
        requested_by: row.requestedBy,
        requested_at: row.requestedAt.toISOString(),
        finished_at: row.finishedAt?.toISOString() ?? null,
        url: `${consoleUrl}/deploys/${row.id}`,
      },
    },
  }
}

function watchPayload(watch: DeployWatch, consoleUrl: string) {
  const { target, rollbackDeployId } = watch
  return {
    mode: watch.mode,
    state: watch.state,
    sentences: watch.sentences,
    turned_at: watch.turnedAt,
    detail: watch.detail,
    target: target === null ? null : { deploy_id: target.deployId, sha: target.sha, healthy_at: target.healthyAt },
    rollback:
      rollbackDeployId === null ? null : { id: rollbackDeployId, url: `${consoleUrl}/deploys/${rollbackDeployId}` },
    approval_id: watch.approvalId,
    reason: watch.reason,
  }
}
