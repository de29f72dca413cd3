import 'server-only'
import { asGitHubError, isTokenRequest } from '~/server/github/github-error'

/** What GitHub was asked to do: tell something, tell what a ref or commit is, start a run, or stop one. */
export type Verb = 'look' | 'resolve' | 'dispatch' | 'cancel'

/** An answer of GitHub, or of something in its place. A null status: there was none. */
export interface GitHubAnswer {
  readonly status: number | null
  readonly headers: Readonly<Record<string, unknown>>
  /** The body as parsed JSON, as text when it is none. */
  readonly data: unknown
  /** GitHub's own message, else what the client says about the failure. */
  readonly message: string
  /** The App's request for an installation token failed: the question itself was never sent. */
  readonly ofToken: boolean
}

export type Classified =
  | { readonly kind: 'accepted' | 'ended' | 'refused' | 'gone' | 'unauthorised' | 'unknown' }
  /** Asked too much, or GitHub is not well: the same question may be answered later. Null: no time is known. */
  | { readonly kind: 'later'; readonly limit: 'primary' | 'secondary' | null; readonly until: Date | null }
  | { readonly kind: 'moved'; readonly to: string | null }

/** GitHub's advice for a limit that names no time (REST API, "Best practices"). */
const UNSPECIFIED_PAUSE_MS = 60_000
/** A 4xx that GitHub documents as a no. Any other one is something else's, and proves nothing about what GitHub did. */
const DOCUMENTED_REFUSALS = new Set([400, 403, 422])

/** The one table of GitHub's answers: verb × answer → outcome. */
export function classifyAnswer(verb: Verb, answer: GitHubAnswer, now = Date.now()): Classified {
  const { status } = answer
  const isLook = verb === 'look' || verb === 'resolve'
  if (status === null) return { kind: 'unknown' }
  if (status >= 200 && status < 300) return { kind: isAccepted(verb, answer) ? 'accepted' : 'unknown' }
  if (status >= 300 && status < 400) return { kind: 'moved', to: textOf(answer.headers['location']) }
  const limited = limitOf(answer, now)
  if (limited !== null) return { kind: 'later', ...limited }
  // The dispatch was never sent, so it is no matter of doubt.
  if (answer.ofToken && (verb === 'dispatch' || status < 500)) return { kind: 'refused' }
  if (status === 401) return { kind: 'unauthorised' }
  if (status === 409 && verb === 'cancel') return { kind: 'ended' }
  // Of a run too young to be seen GitHub answers 404 as well.
  if (status === 404 && verb === 'cancel') return { kind: 'later', limit: null, until: null }
  if (status === 404 || (status === 410 && isLook)) return { kind: 'gone' }
  // Of an empty repository GitHub answers 409, of a commit it does not know 422.
  if ((status === 409 || status === 422) && verb === 'resolve') return { kind: 'gone' }
  if (DOCUMENTED_REFUSALS.has(status)) return { kind: 'refused' }
  return verb === 'dispatch' ? { kind: 'unknown' } : { kind: 'later', limit: null, until: null }
}

/** An Enterprise Server that does not know the API version of a request did nothing with it. */
export const isUnsupportedVersion = ({ status, message }: GitHubAnswer): boolean =>
  status === 400 && /api[ -]?version/i.test(message)

/** What came back, or was thrown instead, as an answer. */
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

/** Until when a rate limit holds; null when the answer is no matter of rate. A secondary limit is known by its text. */
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

/** What a conditional GET was answered with: that the stored answer still holds, a new one to store, or neither. */
export function classifyConditional(status: number): 'unchanged' | 'new' | 'other' {
  if (status === 304) return 'unchanged'
  return status === 200 ? 'new' : 'other'
}

interface Asked {
  readonly repository: string
  readonly workflow?: string
  readonly ref?: string
}

const OF_A_LOOK = {
  notDone: 'Nothing was changed.',
  afterLimit: 'Nothing was changed; try again after that.',
  silent: 'Nothing was changed; try again.',
} as const
/** What became of the request, for each verb: the middle part of every sentence about an answer. */
const WHAT_BECAME = {
  look: OF_A_LOOK,
  resolve: OF_A_LOOK,
  dispatch: {
    notDone: 'Nothing was started.',
    afterLimit: 'Nothing was started; deploy again after that.',
    silent: 'A run may have been started.',
  },
  cancel: {
    notDone: 'The run was not cancelled.',
    afterLimit: 'The cancellation is kept and sent again then.',
    silent: 'It is kept and sent again.',
  },
} as const satisfies Record<Verb, Readonly<Record<'notDone' | 'afterLimit' | 'silent', string>>>

/** An answer in words an operator understands: what happened, what was not done, what to do. */
export function explainAnswer(verb: Verb, answer: GitHubAnswer, asked: Asked, now = Date.now()): string {
  const outcome = classifyAnswer(verb, answer, now)
  const { notDone, afterLimit, silent } = WHAT_BECAME[verb]
  const detail = answer.status === null ? 'no answer' : `HTTP ${answer.status}`
  const failed = answer.status === null || answer.status >= 500
  const unheard = `GitHub ${failed ? 'did not answer' : 'gave no usable answer to'} the cancellation (${detail}). ${silent}`
  switch (outcome.kind) {
    case 'later':
      if (verb === 'cancel' && outcome.limit === null) return unheard
      if (outcome.limit === null || outcome.until === null)
        return `GitHub does not answer right now (${detail}). ${silent}`
      return outcome.limit === 'primary'
        ? `GitHub's rate limit is used up until ${clockTime(outcome.until)}. ${afterLimit}`
        : `GitHub's secondary rate limit (too many requests at once) holds until ${clockTime(outcome.until)}. ${afterLimit}`
    case 'moved': {
      const where = outcome.to === null ? 'another address' : outcome.to
      return `The repository ${asked.repository} moved to ${where}: update surfaces.yaml. ${notDone}`
    }
    case 'unauthorised':
      return `GitHub does not accept the console’s credentials. Renew GITHUB_DISPATCH_TOKEN, or the App’s private key. ${notDone}`
    case 'gone':
      return `GitHub knows no ${asked.workflow ?? 'such thing'} in ${asked.repository}, or does not show it to these credentials. ${notDone}`
    case 'refused':
      if (answer.ofToken) {
        return `GitHub gives the App no token for installation (${detail}): ${answer.message}. Check GITHUB_APP_ID, its key and GITHUB_APP_INSTALLATION_ID. ${notDone}`
      }
      return answer.status === 403
        ? `The console’s credentials may not do this in ${asked.repository}: they need "Actions: read and write". GitHub says: ${answer.message} ${notDone}`
        : `GitHub refused: ${answer.message}. ${notDone}`
    default:
      return verb === 'cancel'
        ? unheard
        : `GitHub gave no usable answer to the ${verb === 'dispatch' ? verb : 'question'} (${detail}).`
  }
}

/** 204 has no body; any other success is GitHub's JSON. The page of a proxy or a cut body proves nothing. */
function isAccepted(verb: Verb, { status, headers, data }: GitHubAnswer): boolean {
  if (status === 204) return true
  if (verb === 'dispatch' && status !== 200) return false
  const json = /\bjson\b/i.test(String(headers['content-type'] ?? ''))
  return json && typeof data === 'object' && data !== null
}

const clockTime = (at: Date) => `${at.toISOString().slice(11, 16)} UTC`
const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 300) : null)

/** Null for what is not a number of seconds or requests within reason: a header is foreign text. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return value !== '' && Number.isFinite(number) && number >= 0 && number < 1e11 ? number : null
}
