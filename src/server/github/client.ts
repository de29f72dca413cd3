import 'server-only'
import { hash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { createAppAuth, type InstallationAuthOptions } from '@octokit/auth-app'
import { Octokit } from '@octokit/rest'
import { z } from 'zod'
import { answerOfError, classifyAnswer, isUnsupportedVersion } from '~/server/github/answers'
import { type AnswerStore, fetchConditionally } from '~/server/github/conditional-fetch'
import { createGitHubRateLimit, type GitHubRateLimit } from '~/server/github/rate-limit'
import { countRequests, createUsage, type RequestUsage, type UsageStore } from '~/server/github/request-usage'
import type { GitHubCredentials } from '~/server/platform/github-credentials'
import type { Logger } from '~/server/platform/logger'
import type { Metrics } from '~/server/platform/metrics'

/** Octokit, with what its answers report about the rate limit and about moved repositories. */
export type GitHub = Octokit & {
  readonly rateLimit: GitHubRateLimit
  readonly usage: RequestUsage
  readonly moved: MovedRepositories
  /** Digest of the credentials. The stored rate limit belongs to these credentials. */
  readonly credentials: string
}

const REQUEST_TIMEOUT_MS = 15_000

const NEWEST_API_VERSION = '2026-03-10'
/** For an Enterprise Server that does not support the newest version. */
const OLDER_API_VERSION = '2022-11-28'

/**
 * The only Octokit. It has no retry plugin, because GitHub's dispatch is not idempotent. Only refused requests are sent again:
 * - a request with an unsupported API version (400), once, with the older version, which is remembered;
 * - a request whose installation token GitHub does not accept (401), once (`createInstallationAuth`).
 * With a store, every GET is conditional (`fetchConditionally`).
 */
export function connectGitHub(
  options: { readonly apiUrl: string; readonly credentials: GitHubCredentials },
  logger: Logger,
  store?: AnswerStore & UsageStore,
  metrics?: Pick<Metrics, 'githubRequests' | 'githubSeconds'>,
): GitHub {
  // Octokit logs every request. Failures are logged where they are handled.
  const line = (message: string) => logger.debug({ client: 'octokit' }, message)
  const log = { debug: line, info: line, warn: line, error: line }
  const credentials = digestOfCredentials(options.credentials)
  const onStoreError = (err: unknown) => logger.debug({ err }, 'the store of GitHub’s answers failed')
  const rateLimit = createGitHubRateLimit()
  const usage = createUsage(rateLimit, onStoreError, store)
  const send = countRequests(fetchWithLimit, usage, metrics)
  const octokit = new Octokit({
    ...authOf(options.credentials),
    baseUrl: options.apiUrl,
    userAgent: 'deploy-console',
    log,
    request: {
      fetch: store === undefined ? send : fetchConditionally(send, store, onStoreError),
    },
  })
  const moved = createMovedRepositories(logger)
  let version = NEWEST_API_VERSION
  let loggedPause = 0
  const observe = (answer: Parameters<GitHubRateLimit['observe']>[0]) => {
    rateLimit.observe(answer)
    const until = rateLimit.pausedUntil(new Date(), 'background')
    if (until === null || until.getTime() <= loggedPause) return
    loggedPause = until.getTime()
    const askedFor = usage.counted()
    logger.warn(
      { until, askedFor },
      'less than 30 % of GitHub’s rate limit is left: background looks pause until it is reset',
    )
  }
  octokit.hook.wrap('request', async (request, parameters) => {
    const ask = async () => {
      try {
        const answer = await request(parameters)
        observe(answer)
        return answer
      } catch (error) {
        observe(answerOfError(error))
        shortenPage(error)
        throw error
      }
    }
    const send = async (sent: string) => {
      parameters.headers['x-github-api-version'] = sent
      return ask()
    }
    // A concurrent request may change the remembered version before this answer arrives.
    const sent = version
    try {
      return await send(sent)
    } catch (error) {
      if (sent !== NEWEST_API_VERSION || !isUnsupportedVersion(answerOfError(error))) throw error
      version = OLDER_API_VERSION
      return send(OLDER_API_VERSION)
    }
  })
  octokit.hook.after('request', async ({ url }, { method, owner, repo, request }) => {
    if (method !== 'GET' || typeof owner !== 'string' || typeof repo !== 'string') return
    await moved.observe(`${owner}/${repo}`, url, async () => {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}', { owner, repo, request: { ...request } })
      return z.object({ full_name: z.string() }).parse(data).full_name
    })
  })
  return Object.assign(octokit, { rateLimit, moved, usage, credentials })
}

/** Longer than any message of GitHub. */
const MESSAGE_AT_MOST = 500

/** Octokit takes the whole text of an answer that is not JSON as the message, and a page of a proxy would fill the log. */
function shortenPage(error: unknown): void {
  if (!(error instanceof Error) || error.message.length <= MESSAGE_AT_MOST) return
  const { message, stack } = error
  const start = message.slice(0, MESSAGE_AT_MOST).replaceAll(/\s+/g, ' ')
  error.message = `${start} …`
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message)
  if ('response' in error && typeof error.response === 'object' && error.response !== null) {
    Object.assign(error.response, { data: null })
  }
}

/** `@octokit/auth-app` uses the same times: a new token may need a moment until all of GitHub accepts it. */
const TOKEN_YOUNG_MS = 5_000
const TOKEN_SPREADS_MS = 1_000

/**
 * An App's installation token is fetched on first use and kept for an hour. A request that is answered 401 is sent exactly once more:
 * with a new token, or a moment later if the token was new. The hook of `@octokit/auth-app` retries for longer than a dispatch waits,
 * which would turn a refusal into an unknown outcome.
 */
function createInstallationAuth(options: Parameters<typeof createAppAuth>[0]) {
  const app = createAppAuth(options)
  type Hook = Parameters<typeof app.hook>
  const hook = async (request: Hook[0], endpoint: Exclude<Hook[1], string>) => {
    // The App's own hook signs the request for the token, with the time of GitHub's clock.
    if (endpoint.url.endsWith('/access_tokens')) return app.hook(request, endpoint)
    const send = (token: string) =>
      request({ ...endpoint, headers: { ...endpoint.headers, authorization: `token ${token}` } })
    const { token, createdAt } = await app({ type: 'installation' })
    try {
      return await send(token)
    } catch (error) {
      if (classifyAnswer('look', answerOfError(error)).kind !== 'unauthorised') throw error
      if (Date.now() - Date.parse(createdAt) >= TOKEN_YOUNG_MS)
        return send((await app({ type: 'installation', refresh: true })).token)
      await setTimeout(TOKEN_SPREADS_MS)
      return send(token)
    }
  }
  return Object.assign((asked: InstallationAuthOptions) => app(asked), { hook })
}

function authOf(credentials: GitHubCredentials) {
  if (credentials.kind === 'token') return { auth: credentials.token }
  const { appId, installationId, privateKey } = credentials
  return { authStrategy: createInstallationAuth, auth: { appId, installationId, privateKey } }
}

/** Identifies credentials without revealing them. */
export const digestOfCredentials = (credentials: GitHubCredentials): string =>
  hash(
    'sha256',
    credentials.kind === 'token'
      ? `token ${credentials.token}`
      : `app ${credentials.appId} ${credentials.installationId}`,
  )

/**
 * Limits requests without an own limit, such as the one for an installation token. Only a GET follows a redirect, unless its caller does:
 * fetch would turn a POST that is answered 301 or 302 into a GET (Fetch Standard, "HTTP-redirect fetch").
 */
const fetchWithLimit = (url: string, init: RequestInit) =>
  fetch(url, {
    ...init,
    redirect: init.redirect ?? ((init.method ?? 'GET') === 'GET' ? 'follow' : 'manual'),
    signal: init.signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })

/** Splits the `owner/name` of surfaces.yaml into Octokit's parameters. */
export function ownerAndRepo(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}

/** Repositories whose reads GitHub redirected, as this process last saw them. */
interface MovedRepositories {
  /** The new name, or the new address if GitHub gave no name; null when the repository is not known to have moved. */
  readonly newNameOf: (repository: string) => string | null
  /** Records the address from which a successful read was answered. Calls `readName` once for each moved repository. */
  readonly observe: (repository: string, answeredFrom: string, readName: () => Promise<string | null>) => Promise<void>
}

function createMovedRepositories(logger: Logger): MovedRepositories {
  const moved = new Map<string, string>()
  return {
    newNameOf: (repository) => moved.get(repository) ?? null,
    async observe(repository, answeredFrom, readName) {
      const path = `${answeredFrom.split('?')[0]}/`.toLowerCase()
      if (path.includes(`/repos/${repository.toLowerCase()}/`)) return void moved.delete(repository)
      if (moved.has(repository)) return
      moved.set(repository, answeredFrom.slice(0, 300))
      const movedTo = await readName().catch(() => null)
      if (movedTo !== null) moved.set(repository, movedTo)
      logger.warn({ repository, movedTo: moved.get(repository) }, 'a repository moved: update surfaces.yaml')
    },
  }
}
