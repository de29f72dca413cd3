import 'server-only'
import type { DeployAccount } from '~/domain/deploy/account'
import { inSentence, visibleSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'
import type { DeployRow } from '~/server/deploys/deploys'

/** A sign for each outcome, beside its words. */
const SIGNS: Readonly<Record<string, string>> = { succeeded: '✅', failed: '❌', timed_out: '⏱️', cancelled: '🚫' }

type EndedDeploy = Pick<
  DeployRow,
  'id' | 'status' | 'failureDetail' | 'ref' | 'sha' | 'requestedBy' | 'requestedAt' | 'finishedAt'
> & { readonly surface: { readonly name: string; readonly environment: string } }

/** What people are told of a deploy that ended, in Slack's mrkdwn. */
export function outcomeMessage(
  deploy: EndedDeploy,
  account: Pick<DeployAccount, 'headline' | 'sentences'>,
  consoleUrl: string,
): string {
  const { surface, ref, sha } = deploy
  const commit = sha === null || sha === ref ? '' : ` (${sha.slice(0, 7)})`
  const lines = [
    `*${SIGNS[deploy.status] ?? '•'} ${named(account.headline)}: ${named(surface.name)}*, ${named(surface.environment)}`,
    `${named(sha === ref ? ref.slice(0, 7) : refLabel(ref))}${commit} by ${named(deploy.requestedBy)}${took(deploy)}`,
    ...(deploy.failureDetail === null
      ? []
      : [`> ${plain(visibleSentence(deploy.failureDetail.slice(0, 500))).replaceAll('\n', '\n> ')}`]),
    ...account.sentences.map((sentence) => plain(visibleSentence(sentence))),
    `<${consoleUrl}/?deploy=${deploy.id}|Open the deploy>`,
  ]
  return lines.join('\n')
}

function took({ requestedAt, finishedAt }: Pick<DeployRow, 'requestedAt' | 'finishedAt'>): string {
  if (finishedAt === null) return ''
  const seconds = Math.round((finishedAt.getTime() - requestedAt.getTime()) / 1000)
  return `, after ${seconds < 60 ? '' : `${Math.floor(seconds / 60)} min `}${seconds % 60} s`
}

const named = (text: string) => plain(inSentence(text))

/** Slack reads these three as markup (Slack, "Formatting text": escaping). */
const plain = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
