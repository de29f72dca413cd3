import 'server-only'
import { z } from 'zod'
import { clockUtc } from '~/domain/utc-time'

/** What GitHub was asked: to read something, to resolve a ref or commit, to start a run, to cancel a run, or to review an environment. */
export type Verb = 'look' | 'resolve' | 'dispatch' | 'cancel' | 'review'

/** A repetition of these does something else, so that an answer which proves nothing leaves the outcome unknown. */
const isOnce = (verb: Verb) => verb === 'dispatch' || verb === 'review'

/** An answer from GitHub, or from a proxy in between. A null status: no answer. */
export interface GitHubAnswer {
  readonly status: number | null
  readonly headers: Readonly<Record<string, unknown>>
  /** The body as parsed JSON, or as text if it is not JSON. */
  readonly data: unknown
  /** GitHub's message, or the client's description of the failure. */
  readonly message: string
  /** True when the App's request for an installation token failed, so that the request itself was never sent. */
  readonly ofToken: boolean
}

export type Classified =
  | { readonly kind: 'accepted' | 'ended' | 'refused' | 'gone' | 'unauthorised' | 'unknown' }
  /** A rate limit or a failure of GitHub: the same request may succeed later. `until: null`: no time is known. */
  | { readonly kind: 'later'; readonly limit: 'primary' | 'secondary' | null; readonly until: Date | null }
  | { readonly kind: 'moved'; readonly to: string | null }

/** The pause that GitHub recommends for a limit without a time (REST API, "Best practices"). */
const UNSPECIFIED_PAUSE_MS = 60_000
/** The 4xx statuses that GitHub documents as refusals. Any other may come from a proxy and proves nothing about GitHub. */
const DOCUMENTED_REFUSALS = new Set([400, 403, 422])

/** The only classifier of GitHub's answers: verb × answer → outcome. */
export function classifyAnswer(verb: Verb, answer: GitHubAnswer, now = Date.now()): Classified {
  const { status } = answer
  const isLook = verb === 'look' || verb === 'resolve'
  if (status === null) return { kind: 'unknown' }
  if (status >= 200 && status < 300) return { kind: isAccepted(verb, answer) ? 'accepted' : 'unknown' }
  if (status >= 300 && status < 400) return { kind: 'moved', to: textOf(answer.headers['location']) }
  const limited = limitOf(answer, now)
  if (limited !== null) return { kind: 'later', ...limited }
  // Without a token the request was never sent, so the outcome is certain.
  if (answer.ofToken && (isOnce(verb) || status < 500)) return { kind: 'refused' }
  if (status === 401) return { kind: 'unauthorised' }
  if (status === 409 && verb === 'cancel') return { kind: 'ended' }
  // GitHub also answers 404 for a run that is too new to be visible.
  if (status === 404 && verb === 'cancel') return { kind: 'later', limit: null, until: null }
  if (status === 404 || (status === 410 && isLook)) return { kind: 'gone' }
  // GitHub answers 409 for an empty repository, and 422 for an unknown commit.
  if ((status === 409 || status === 422) && verb === 'resolve') return { kind: 'gone' }
  if (DOCUMENTED_REFUSALS.has(status)) return { kind: 'refused' }
  return isOnce(verb) ? { kind: 'unknown' } : { kind: 'later', limit: null, until: null }
}

/** An Enterprise Server refuses a request with an unknown API version without acting on it. */
export const isUnsupportedVersion = ({ status, message }: GitHubAnswer): boolean =>
  status === 400 && /api[ -]?version/i.test(message)

export function answerOfResult(result: { readonly status: number; readonly headers: object; readonly data: unknown }) {
  return { status: result.status, headers: { ...result.headers }, data: result.data, message: '', ofToken: false }
}

export function answerOfError(error: unknown): GitHubAnswer {
  const failed = asGitHubError(error)
  if (failed?.response === undefined) return { status: null, headers: {}, data: null, message: '', ofToken: false }
  return {
    status: failed.status,
    headers: failed.response.headers,
    data: null,
    // Octokit appends a link to the documentation.
    message: failed.message.replace(/ - https?:\/\/\S+$/, '').slice(0, 500),
    ofToken: isTokenRequest(failed),
  }
}

/** The address in the answer to a request for a file, such as a log: 302, from another host. Null for other answers, a moved repository's too. */
export function linkOfAnswer({ status, headers }: GitHubAnswer): string | null {
  return status === 302 ? String(headers['location'] ?? '') : null
}

/** The rate limit that an answer reports, with its end; null for other answers. A secondary limit is recognised by its text. */
export function limitOf({ status, headers, message }: GitHubAnswer, now: number) {
  if (status !== 403 && status !== 429) return null
  const wait = numberOf(headers['retry-after'])
  const secondary = /secondary rate limit|abuse detection/i.test(message)
  const exhausted = numberOf(headers['x-ratelimit-remaining']) === 0
  const primary = status === 429 || exhausted || wait !== null || /rate limit exceeded/i.test(message)
  if (!secondary && !primary) return null
  const reset = exhausted ? numberOf(headers['x-ratelimit-reset']) : null
  const until = wait !== null ? now + wait * 1000 : reset !== null ? reset * 1000 : now + UNSPECIFIED_PAUSE_MS
  return { limit: secondary ? 'secondary' : 'primary', until: new Date(until) } as const
}

/** The answer to a conditional GET: the stored answer is still valid, a new answer to store, or neither. */
export function classifyConditional(status: number): 'unchanged' | 'new' | 'other' {
  if (status === 304) return 'unchanged'
  return status === 200 ? 'new' : 'other'
}

interface Asked {
  readonly repository: string
  readonly workflow?: string
  readonly ref?: string
}

const READ_RESULTS = {
  notDone: 'Nothing was changed.',
  afterLimit: 'Nothing was changed; try again after that.',
  silent: 'Nothing was changed; try again.',
} as const
/** What was done or kept, for each verb: the middle part of every error text. */
const RESULTS = {
  look: READ_RESULTS,
  resolve: READ_RESULTS,
  dispatch: {
    notDone: 'Nothing was started.',
    afterLimit: 'Nothing was started; deploy again after that.',
    silent: 'A run may have been started.',
  },
  cancel: {
    notDone: 'The run was not cancelled.',
    afterLimit: 'The request to cancel is kept. The console sends it again after that time.',
    silent: 'The request to cancel is kept. The console sends it again.',
  },
  review: {
    notDone: 'Nothing was approved or rejected.',
    afterLimit: 'Nothing was approved or rejected; decide again after that.',
    silent: 'GitHub may have taken the decision.',
  },
} as const satisfies Record<Verb, Readonly<Record<'notDone' | 'afterLimit' | 'silent', string>>>

/** Explains an answer to an operator: what happened, what was not done, what to do next. */
export function explainAnswer(verb: Verb, answer: GitHubAnswer, asked: Asked, now = Date.now()): string {
  const outcome = classifyAnswer(verb, answer, now)
  const { notDone, afterLimit, silent } = RESULTS[verb]
  const detail = answer.status === null ? 'no answer' : `HTTP ${answer.status}`
  const failed = answer.status === null || answer.status >= 500
  const notAccepted = `GitHub ${failed ? 'did not answer' : 'gave no usable answer to'} the cancellation (${detail}). ${silent}`
  switch (outcome.kind) {
    case 'later':
      if (verb === 'cancel' && outcome.limit === null) return notAccepted
      if (outcome.limit === null || outcome.until === null)
        return `GitHub does not answer right now (${detail}). ${silent}`
      return outcome.limit === 'primary'
        ? `GitHub's rate limit is exceeded until ${clockUtc(outcome.until.toISOString())}. ${afterLimit}`
        : `GitHub's secondary rate limit (too many requests at once) holds until ${clockUtc(outcome.until.toISOString())}. ${afterLimit}`
    case 'moved': {
      const where = outcome.to === null ? 'another address' : outcome.to
      return `The repository ${asked.repository} moved to ${where}: update surfaces.yaml. ${notDone}`
    }
    case 'unauthorised':
      return `GitHub does not accept the console’s credentials. Renew GITHUB_DISPATCH_TOKEN, or the App’s private key. ${notDone}`
    case 'gone':
      return `GitHub did not find ${asked.workflow ?? 'the requested data'} in ${asked.repository}, or the console’s credentials may not read it. ${notDone}`
    case 'refused':
      if (answer.ofToken) {
        return `GitHub refused a token for the App’s installation (${detail}): ${answer.message}. Check GITHUB_APP_ID, its key and GITHUB_APP_INSTALLATION_ID. ${notDone}`
      }
      if (verb === 'review' && answer.status === 403) {
        return `The console’s credentials may not review this environment in ${asked.repository}: their account has to be one of its required reviewers. GitHub says: ${answer.message} ${notDone}`
      }
      return answer.status === 403
        ? `The console’s credentials may not do this in ${asked.repository}: they need "Actions: read and write". GitHub says: ${answer.message} ${notDone}`
        : `GitHub refused: ${answer.message}. ${notDone}`
    default:
      return verb === 'cancel'
        ? notAccepted
        : verb === 'review'
          ? `GitHub gave no usable answer (${detail}). ${silent}`
          : `GitHub gave no usable answer to the ${verb === 'dispatch' ? verb : 'question'} (${detail}).`
  }
}

/** A success is a 204 without a body, or JSON. A proxy's page or a truncated body proves nothing. */
function isAccepted(verb: Verb, { status, headers, data }: GitHubAnswer): boolean {
  // GitHub answers a review with the deployments that it concerns.
  if (verb === 'review' && !(status === 200 && Array.isArray(data))) return false
  if (status === 204) return true
  if (verb === 'dispatch' && status !== 200) return false
  const json = /\bjson\b/i.test(String(headers['content-type'] ?? ''))
  return json && typeof data === 'object' && data !== null
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 300) : null)

/** Null for anything but a plausible number of seconds or requests: a header is foreign text. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return value !== '' && Number.isFinite(number) && number >= 0 && number < 1e11 ? number : null
}

/**
 * Octokit's error: GitHub's answer with an error status, or no answer (then without `response`, and with status 500). Recognised by
 * its shape, since the built server loads Octokit from outside the bundle and with another class.
 */
const gitHubError = z.object({
  name: z.literal('HttpError'),
  status: z.int(),
  message: z.string(),
  response: z.object({ url: z.string().optional(), headers: z.record(z.string(), z.unknown()) }).optional(),
})
type GitHubError = z.output<typeof gitHubError>

/** Null for other errors, such as a timeout or a defect of the console. */
export function asGitHubError(error: unknown): GitHubError | null {
  return gitHubError.safeParse(error).data ?? null
}

/** Whether the App's request for a token failed, so that the request that needed the token was never sent. */
const isTokenRequest = ({ response }: GitHubError): boolean => /\/access_tokens$/.test(response?.url ?? '')
