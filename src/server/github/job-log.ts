import 'server-only'
import { createLogTail, type FailedLog, type FailedPart } from '~/domain/deploy/failed-log'
import {
  answerOfError,
  answerOfResult,
  type Classified,
  classifyAnswer,
  explainAnswer,
  type GitHubAnswer,
  linkOfAnswer,
} from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

const LIMIT_MS = 20_000
const BYTES_AT_MOST = 32 * 1024 * 1024
/** The rest of a longer line is dropped. */
const LINE_BYTES_AT_MOST = 64 * 1024

type LogOutcome =
  | ({ readonly kind: 'read' } & Pick<FailedLog, 'of' | 'lines'>)
  /** `mayRetry`: the same request may succeed later. GitHub stores a log some seconds after the end of its job. */
  | { readonly kind: 'unread'; readonly reason: string; readonly mayRetry: boolean }

/**
 * Reads the last lines from the time of the failed step in the log of its job. GitHub answers with a link to another host, which is valid
 * for one minute (REST API, "Download job logs for a workflow run"). The link is followed without the console's credentials, and no
 * further: another redirect might lead to plain HTTP or into the console's own network. Never throws.
 */
export async function readJobLog(github: GitHub, repository: string, part: FailedPart): Promise<LogOutcome> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  // The id is part of the address: Octokit types ids as numbers, which would round large ids.
  const address: string = `GET /repos/{owner}/{repo}/actions/jobs/${part.job.id}/logs`
  const answer: GitHubAnswer = await github
    .request(address, { ...ownerAndRepo(repository), request: { signal, redirect: 'manual' } })
    .then(answerOfResult, answerOfError)
  const given = linkOfAnswer(answer)
  if (given === null) {
    const reason = explainAnswer('look', answer, { repository, workflow: 'the job’s log' })
    return { kind: 'unread', reason, mayRetry: MAY_RETRY.includes(classifyAnswer('look', answer).kind) }
  }
  const link = safeLink(given, github)
  if (link === null) return { kind: 'unread', reason: 'GitHub gave no usable address for the log.', mayRetry: false }
  try {
    return await readTail(link, part, signal)
  } catch {
    const reason = signal.aborted
      ? `The log did not arrive within ${LIMIT_MS / 1000} seconds.`
      : 'The log could not be downloaded from the address that GitHub gave.'
    return { kind: 'unread', reason, mayRetry: true }
  }
}

/** A log that does not exist yet is missing. */
const MAY_RETRY: readonly Classified['kind'][] = ['later', 'gone', 'unknown']

/** Null for anything but an address that is as well protected as GitHub's own. */
function safeLink(location: string, github: GitHub): URL | null {
  if (!URL.canParse(location)) return null
  const link = new URL(location)
  const { protocol } = new URL(github.request.endpoint.DEFAULTS.baseUrl)
  return link.protocol === 'https:' || link.protocol === protocol ? link : null
}

async function readTail(link: URL, part: FailedPart, signal: AbortSignal): Promise<LogOutcome> {
  const response = await fetch(link, { signal, redirect: 'error', headers: { 'user-agent': 'deploy-console' } })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    const reason = `The log could not be downloaded (HTTP ${response.status}).`
    return { kind: 'unread', reason, mayRetry: true }
  }
  const tail = createLogTail(part)
  const decoder = new TextDecoder()
  let bytes = 0
  let line = ''
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > BYTES_AT_MOST) {
      return { kind: 'unread', reason: 'The log is longer than 32 MB. Read it on GitHub.', mayRetry: false }
    }
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n')
    line = `${line}${first}`.slice(0, LINE_BYTES_AT_MOST)
    for (const next of rest) {
      tail.add(withoutReturn(line))
      line = next.slice(0, LINE_BYTES_AT_MOST)
    }
    if (tail.isPastStep()) return { kind: 'read', ...tail.result() }
  }
  if (line !== '') tail.add(withoutReturn(line))
  return { kind: 'read', ...tail.result() }
}

const withoutReturn = (line: string) => line.replace(/\r$/, '')
