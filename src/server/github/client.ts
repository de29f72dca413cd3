import 'server-only'
import { hash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { createAppAuth, type InstallationAuthOptions } from '@octokit/auth-app'
import { Octokit } from '@octokit/rest'
import { z } from 'zod'
import { answerOfError, classifyAnswer, isUnsupportedVersion } from '~/server/github/answers'
import { type AnswerStore, fetchConditionally } from '~/server/github/conditional-fetch'
import { createRequestBudget, type RequestBudget } from '~/server/github/request-budget'
import { countRequests, createUsage, type RequestUsage, type UsageStore } from '~/server/github/request-usage'
import type { GitHubCredentials } from '~/server/platform/github-credentials'
import type { Logger } from '~/server/platform/logger'

/** Octokit, and what its answers said about how much more may be asked, and about repositories that moved. */
export type GitHub = Octokit & {
  readonly budget: RequestBudget
  readonly usage: RequestUsage
  readonly moved: MovedRepositories
  /** Digest of the credentials: what is stored of GitHub is theirs. */
  readonly credentials: string
}

const REQUEST_TIMEOUT_MS = 15_000

const NEWEST_API_VERSION = '2026-03-10'
/** What an Enterprise Server that does not know the newest version still speaks. */
const OLDER_API_VERSION = '2022-11-28'

/**
 * The one Octokit. There is no retry plugin here, because GitHub's dispatch is not idempotent. Only what GitHub has refused
 * to act on is sent again:
 * - Every request names the API version. A server that answers 400 because it does not know the version did nothing, so the
 *   same request is sent once more with the older one, which is remembered.
 * - A request whose installation token GitHub does not accept (401) is sent once more (`createInstallationAuth`).
 * With a store of answers, every GET is conditional (`fetchConditionally`).
 */
export function connectGitHub(
  options: { readonly apiUrl: string; readonly credentials: GitHubCredentials },
  logger: Logger,
  store?: AnswerStore & UsageStore,
): GitHub {
  // Octokit logs a line per request; what matters of a failed one is logged where it is handled.
  const line = (message: string) => logger.debug({ client: 'octokit' }, message)
  const log = { debug: line, info: line, warn: line, error: line }
  const credentials = digestOfCredentials(options.credentials)
  const onStoreError = (err: unknown) => logger.debug({ err }, 'what is stored of GitHub is not at hand')
  const budget = createRequestBudget()
  const usage = createUsage(budget, onStoreError, store)
  const send = countRequests(fetchWithLimit, usage)
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
  let pauseSaid = 0
  const note = (answer: Parameters<RequestBudget['note']>[0]) => {
    budget.note(answer)
    const until = budget.pausedUntil(new Date(), 'background')
    if (until === null || until.getTime() <= pauseSaid) return
    pauseSaid = until.getTime()
    const askedFor = usage.counted()
    logger.warn({ until, askedFor }, 'less than 30 % of GitHub’s hour is left: background looks pause until then')
  }
  octokit.hook.wrap('request', async (request, parameters) => {
    const ask = async () => {
      try {
        const answer = await request(parameters)
        note(answer)
        return answer
      } catch (error) {
        note(answerOfError(error))
        throw error
      }
    }
    const send = async (sent: string) => {
      parameters.headers['x-github-api-version'] = sent
      return ask()
    }
    // What this request was sent with: the remembered one may be another by the time its answer is here.
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
    await moved.note(`${owner}/${repo}`, url, async () => {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}', { owner, repo, request: { ...request } })
      return z.object({ full_name: z.string() }).parse(data).full_name
    })
  })
  return Object.assign(octokit, { budget, moved, usage, credentials })
}

/** `@octokit/auth-app` waits for all of GitHub to know a new token by as much; in vain, the token is another's matter. */
const TOKEN_YOUNG_MS = 5_000
const TOKEN_SPREADS_MS = 1_000

/**
 * An App's installation token is fetched when it is first needed, kept for an hour, and then fetched anew. A request that is
 * answered 401 is sent exactly once more: with a new token, or, when it was new, a moment later, since not all of GitHub may have
 * known it. The hook of `@octokit/auth-app` would go on for longer than a dispatch waits, and a refusal end as unknown.
 */
function createInstallationAuth(options: Parameters<typeof createAppAuth>[0]) {
  const app = createAppAuth(options)
  type Hook = Parameters<typeof app.hook>
  const hook = async (request: Hook[0], endpoint: Exclude<Hook[1], string>) => {
    // The request for the token itself: signed by the App, with the time by GitHub's clock.
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

/** Tells what was answered to one from what was answered to another, and gives nothing secret away. */
export const digestOfCredentials = (credentials: GitHubCredentials): string =>
  hash(
    'sha256',
    credentials.kind === 'token'
      ? `token ${credentials.token}`
      : `app ${credentials.appId} ${credentials.installationId}`,
  )

/**
 * Requests that bring no limit of their own, as the one for an installation token, wait no longer than this. Only a GET
 * follows a redirect, and `moved` takes note of it: fetch turns a POST that is answered 301 or 302 into a GET (Fetch Standard, "HTTP-redirect fetch").
 */
const fetchWithLimit = (url: string, init: RequestInit) =>
  fetch(url, {
    ...init,
    redirect: (init.method ?? 'GET') === 'GET' ? 'follow' : 'manual',
    signal: init.signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })

/** `owner/name` as surfaces.yaml has it, in the form Octokit takes. */
export function ownerAndRepo(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}

/** Repositories whose reads GitHub answered from another address. Known to this process only, as it saw it last. */
interface MovedRepositories {
  /** The new name, or the address where GitHub gave no name; null when the repository is not known to have moved. */
  readonly newNameOf: (repository: string) => string | null
  /** Takes note of where a successful read was answered from. `readName` is asked once for each repository that moved. */
  readonly note: (repository: string, answeredFrom: string, readName: () => Promise<string | null>) => Promise<void>
}

function createMovedRepositories(logger: Logger): MovedRepositories {
  const moved = new Map<string, string>()
  return {
    newNameOf: (repository) => moved.get(repository) ?? null,
    async note(repository, answeredFrom, readName) {
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
