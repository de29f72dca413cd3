import 'server-only'
import { inSentence, visibleSentence } from '~/domain/foreign-text'
import type { DeployRow } from '~/server/db/deploys'

/** A sign and a word for each outcome, so that none rests on its colour. */
const OUTCOMES: Readonly<Record<string, string>> = {
  succeeded: '✅ Succeeded',
  failed: '❌ Failed',
  timed_out: '⏱️ Timed out',
  cancelled: '🚫 Cancelled',
}

/** What people are told of a deploy that ended, in Slack's mrkdwn. */
export function outcomeMessage(deploy: DeployRow, consoleUrl: string): string {
  const { surface, ref, sha } = deploy
  const stage =
    deploy.failureStage === null ? '' : ` at ${deploy.failureStage.replace(/_failed$/, '').replaceAll('_', ' ')}`
  const commit = sha === null || sha === ref ? '' : ` (${sha.slice(0, 7)})`
  const lines = [
    `*${OUTCOMES[deploy.status] ?? deploy.status}${stage}: ${named(surface.name)}*, ${named(surface.environment)}`,
    `${named(sha === ref ? ref.slice(0, 7) : ref)}${commit} by ${named(deploy.requestedBy)}${took(deploy)}`,
    ...(deploy.failureDetail === null
      ? []
      : [`> ${plain(visibleSentence(deploy.failureDetail.slice(0, 500))).replaceAll('\n', '\n> ')}`]),
    `<${consoleUrl}/?deploy=${deploy.id}|Open the deploy>`,
  ]
  return lines.join('\n')
}

function took({ requestedAt, finishedAt }: DeployRow): string {
  if (finishedAt === null) return ''
  const seconds = Math.round((finishedAt.getTime() - requestedAt.getTime()) / 1000)
  return `, after ${seconds < 60 ? '' : `${Math.floor(seconds / 60)} min `}${seconds % 60} s`
}

const named = (text: string) => plain(inSentence(text))

/** Slack reads these three as markup (Slack, "Formatting text": escaping). */
const plain = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
