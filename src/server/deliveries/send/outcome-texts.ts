import 'server-only'
import type { DeployReport } from '~/domain/deploy/report'
import { inSentence, visibleSentence } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import type { DeployRow } from '~/server/deploys/deploys'

/** An emoji for each outcome, before its words. */
const EMOJI: Readonly<Record<string, string>> = { succeeded: '✅', failed: '❌', timed_out: '⏱️', cancelled: '🚫' }

/** A deploy that has ended, with the report of it. */
export interface EndedDeploy {
  readonly row: DeployRow
  readonly report: DeployReport
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
  const { surface, ref, sha } = deploy
  const commit = sha === null || sha === ref ? '' : ` (${shortSha(sha)})`
  const lines = [
    `*${EMOJI[deploy.status] ?? '•'} ${foreign(report.headline)}: ${foreign(surface.name)}*, ${foreign(surface.environment)}`,
    `${foreign(sha === ref ? shortSha(ref) : refLabel(ref))}${commit} by ${foreign(deploy.requestedBy)}${durationText(deploy)}`,
    ...(deploy.failureDetail === null
      ? []
      : [`> ${escapeMarkup(visibleSentence(deploy.failureDetail.slice(0, 500))).replaceAll('\n', '\n> ')}`]),
    ...report.sentences.map((sentence) => escapeMarkup(visibleSentence(sentence))),
    `<${consoleUrl}/deploys/${deploy.id}|Open the deploy>`,
  ]
  return lines.join('\n')
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
  const { row, report } = ended
  return {
    type: 'deploy.ended',
    version: VERSION,
    timestamp: (row.finishedAt ?? createdAt).toISOString(),
    data: {
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
