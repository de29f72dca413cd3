import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { parseCreated } from '~/sandbox/github/created-filter'
import { deferred } from '~test/support/deferred'

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/**
 * A scripted answer: a status with a JSON body (or `text` unchanged), or `hang up` (the connection is closed without an
 * answer). `cut` closes the connection in the middle of the body.
 */
export type Answer =
  | {
      readonly status: number
      readonly body?: unknown
      readonly text?: string
      readonly cut?: boolean
      readonly headers?: Readonly<Record<string, string>>
    }
  | 'hang up'

export type Handler = (request: RecordedRequest) => Answer | Promise<Answer>

interface Script {
  onDispatch: Handler
  onListRuns: Handler
  onRun: Handler
  onJobs: Handler
  /** `actions/jobs/…/logs`: by default, there is no log. */
  onJobLog: Handler
  /** `runs/…/pending_deployments`: by default, nothing holds the run. */
  onPendingDeployments: Handler
  /** The concurrency groups of a run, and the members of one. By default, GitHub does not know them. */
  onConcurrency: Handler
  onCommit: Handler
  /** `git/ref/…`: by default, every name is a branch at the commit of `onCommit`, and not a tag. */
  onRef: Handler
  onTag: Handler
  onChecks: Handler
  /** `pulls`: by default, there is none. */
  onPulls: Handler
  onStatuses: Handler
  onCancel: Handler
  onRepository: Handler
  /** `actions/variables/…`: by default, no variable is set. */
  onVariable: Handler
  /** `contents/…`: by default, no file is shown. */
  onContents: Handler
  /** `app/installations/…/access_tokens` */
  onAccessToken: Handler
  /** GitHub's pages and resources for signing in: `login/oauth/…`, `user…` and `orgs/…`. */
  onSignIn: Handler
  /** The keys of the issuer of run tokens. */
  onTokenKeys: Handler
  /** Every other address outside the REST API. */
  onElsewhere: Handler
  /** Wraps every handler: answers in its place, or changes or delays its answer. */
  around: (request: RecordedRequest, answer: Handler) => Answer | Promise<Answer>
}

export type ScriptedGitHub = Awaited<ReturnType<typeof startScriptedGitHub>>

export const SHA = 'a'.repeat(40)

/**
 * The one HTTP server that plays GitHub with answers a test declares. Each kind of request has a handler that a test may
 * replace; every request is recorded. Use this server for answers that a healthy GitHub does not give, and to count requests.
 * Use the sandbox (`start-sandbox.ts`) where workflows really run and GitHub keeps state. `model-github.ts`, `app-github.ts`,
 * `github-oauth.ts`, `run-token-issuer.ts`, `resting-github.ts` and `test/bench/slow-github.ts` are scripts of this server.
 */
export async function startScriptedGitHub() {
  const requests: RecordedRequest[] = []
  const script: Script = {
    onDispatch: () => ({ status: 200, body: { workflow_run_id: 4294967296, run_url: '', html_url: '' } }),
    onRun: () => ({ status: 404, body: { message: 'Not Found' } }),
    onJobs: () => ({ status: 404, body: { message: 'Not Found' } }),
    onJobLog: () => answers.notFound,
    onPendingDeployments: () => ({ status: 200, body: [] }),
    onConcurrency: () => answers.notFound,
    onListRuns: () => ({ status: 200, body: { total_count: 0, workflow_runs: [] } }),
    onCancel: () => ({ status: 202, body: {} }),
    onRepository: () => ({ status: 200, body: {} }),
    onVariable: () => ({ status: 404, body: { message: 'Not Found' } }),
    onContents: () => ({ status: 404, body: { message: 'Not Found' } }),
    onCommit: () => ({ status: 200, body: commit(SHA) }),
    onRef: (request) => branchAtCommit(request, script.onCommit),
    onTag: () => ({ status: 404, body: { message: 'Not Found' } }),
    onChecks: () => ({ status: 200, body: { total_count: 0, check_runs: [] } }),
    onPulls: () => ({ status: 200, body: [] }),
    onStatuses: () => ({ status: 200, body: { state: 'pending', statuses: [] } }),
    onAccessToken: () => answers.notFound,
    onSignIn: () => answers.notFound,
    onTokenKeys: () => answers.notFound,
    onElsewhere: () => answers.notFound,
    around: (request, answer) => answer(request),
  }
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const recorded = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: bodyOf(text, request.headers['content-type']),
    }
    requests.push(recorded)
    const answered = await script.around(recorded, handlerOf(script, recorded.path))
    if (answered === 'hang up') return void request.socket.destroy()
    const body = answered.text ?? (answered.body === undefined ? '' : serialise(answered.body))
    const headers = { 'content-type': 'application/json', ...answered.headers }
    if (answered.cut !== true) return void response.writeHead(answered.status, headers).end(body)
    response.writeHead(answered.status, { ...headers, 'content-length': String(body.length + 1) })
    response.write(body, () => request.socket.destroy())
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  return {
    origin,
    apiUrl: `${origin}/api/v3`,
    requests,
    script,
    cancels: () => requests.filter(({ path }) => path.endsWith('/cancel')),
    dispatches: () => requests.filter(isDispatch),
    /** How often GitHub was asked to start a run for this deploy, whatever it answered. */
    dispatchesOf: (deployId: string) =>
      requests.filter((request) => isDispatch(request) && deployIdOf(request) === deployId).length,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const isDispatch = ({ path }: RecordedRequest) => path.endsWith('/dispatches')

const dispatchBody = z.object({ inputs: z.object({ console_deploy_id: z.string() }) })

/** The deploy that a recorded dispatch is for. */
export const deployIdOf = ({ body }: RecordedRequest): string => dispatchBody.parse(body).inputs.console_deploy_id

function bodyOf(text: string, type = ''): unknown {
  if (text === '') return null
  return type.startsWith('application/x-www-form-urlencoded')
    ? Object.fromEntries(new URLSearchParams(text))
    : JSON.parse(text)
}

function handlerOf(script: Script, path: string): Handler {
  if (path.startsWith('/_services/token/')) return script.onTokenKeys
  if (/^(\/login\/oauth\/|\/api\/v3\/(user\b|orgs\/))/.test(path)) return script.onSignIn
  if (!path.startsWith('/api/v3/')) return script.onElsewhere
  if (path.endsWith('/access_tokens')) return script.onAccessToken
  if (path.endsWith('/cancel')) return script.onCancel
  if (path.endsWith('/dispatches')) return script.onDispatch
  if (/\/commits\/[^/]+\/check-runs/.test(path)) return script.onChecks
  if (/\/commits\/[^/]+\/status/.test(path)) return script.onStatuses
  if (/\/pulls\?/.test(path)) return script.onPulls
  if (path.includes('/actions/variables/')) return script.onVariable
  if (path.includes('/contents/')) return script.onContents
  if (path.includes('/git/tags/')) return script.onTag
  if (path.includes('/git/ref/')) return script.onRef
  if (path.includes('/commits/')) return script.onCommit
  if (/\/(repos\/[^/]+\/[^/]+|repositories\/\d+)$/.test(path)) return script.onRepository
  if (path.endsWith('/pending_deployments')) return script.onPendingDeployments
  if (path.includes('/concurrency_groups')) return script.onConcurrency
  if (path.endsWith('/logs')) return script.onJobLog
  if (path.includes('/jobs')) return script.onJobs
  return /\/runs\/\d+$/.test(path) ? script.onRun : script.onListRuns
}

const take = (step: Answer | Handler, request: RecordedRequest) => (typeof step === 'function' ? step(request) : step)

/** Gives these answers in order and repeats the last one. */
export function answerInTurn(...steps: readonly (Answer | Handler)[]): Handler {
  let next = 0
  return (request) => {
    const step = steps[Math.min(next, steps.length - 1)] ?? 'hang up'
    next += 1
    return take(step, request)
  }
}

/** Delays the answer until the test calls `release`. `asked` resolves when the first request arrives. */
export function holdAnswer(step: Answer | Handler) {
  const released = deferred()
  const asked = deferred()
  const handler: Handler = async (request) => {
    asked.resolve()
    await released.promise
    return take(step, request)
  }
  return Object.assign(handler, { asked: asked.promise, release: released.resolve })
}

export const neverAnswered: Handler = () => new Promise<Answer>(() => undefined)

/** The list of runs as GitHub pages it: newest first, filtered by `created`, one page. */
export const listAnswer =
  (runs: readonly { readonly created_at: string }[]): Handler =>
  ({ path }) => {
    const { searchParams } = new URL(path, 'http://github')
    const fits = parseCreated(searchParams.get('created') ?? '') ?? (() => true)
    const found = runs
      .filter(({ created_at }) => fits(created_at))
      .toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
    const length = Number(searchParams.get('per_page') ?? '30')
    const start = (Number(searchParams.get('page') ?? '1') - 1) * length
    return { status: 200, body: { total_count: found.length, workflow_runs: found.slice(start, start + length) } }
  }

/** Answers `before` until the test calls `happen`, then `after`: for a run that is listed late or forgotten. */
export function untilEvent(before: Answer | Handler, after: Answer | Handler) {
  let happened = false
  const handler: Handler = (request) => take(happened ? after : before, request)
  return Object.assign(handler, {
    happen: () => {
      happened = true
    },
  })
}

/** GitHub's error answers, as its REST API documentation describes them ("Rate limits", "Best practices"). */
export const answers = {
  /** The hourly quota is used up; the headers say until when. */
  primaryLimit: (reset: Date, status: 403 | 429 = 403): Answer => ({
    status,
    body: { message: 'API rate limit exceeded for installation ID 1.' },
    headers: {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(reset.getTime() / 1000)),
    },
  }),
  /** Too many requests at once. Recognized by its text: `retry-after` may be missing, and the hourly quota need not be used up. */
  secondaryLimit: ({ status = 403, retryAfter }: { status?: 403 | 429; retryAfter?: number } = {}): Answer => ({
    status,
    body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
    headers: {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '4321',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
  }),
  moved: (location: string, status: 301 | 302 | 307 | 308 = 301): Answer => ({
    status,
    body: { message: 'Moved Permanently', url: location },
    headers: { location },
  }),
  unauthorised: { status: 401, body: { message: 'Bad credentials' } },
  forbidden: { status: 403, body: { message: 'Resource not accessible by integration' } },
  notFound: { status: 404, body: { message: 'Not Found' } },
  serverError: (status: 500 | 502 | 503 | 504 = 502): Answer => ({ status, body: { message: 'Server Error' } }),
  /** The answer of a proxy or a login page in GitHub's place. */
  html: (status = 200): Answer => ({
    status,
    text: '<!doctype html><title>Sign in</title>',
    headers: { 'content-type': 'text/html; charset=utf-8' },
  }),
  /** The connection closes in the middle of the body. */
  cutBody: { status: 200, text: '{"workflow_run', cut: true },
} as const satisfies Record<string, Answer | ((...parameters: never[]) => Answer)>

/** A run as GitHub returns it: in progress without a conclusion, completed with one. */
export const runAnswer = (conclusion: string | null, attempt = 1): Answer => ({
  status: 200,
  body: {
    status: conclusion === null ? 'in_progress' : 'completed',
    conclusion,
    run_attempt: attempt,
    created_at: '2026-11-21T10:00:00Z',
    updated_at: '2026-11-21T10:05:00Z',
  },
})

/**
 * The jobs of a run, each with its conclusion (`skipped` jobs have no steps), or with the conclusions of its steps, the last of
 * which is the job's. A step or job without a conclusion is in progress.
 */
export const jobsAnswer = (
  jobs: Readonly<Record<string, string | null | Readonly<Record<string, string | null>>>>,
): Answer => ({
  status: 200,
  body: { total_count: Object.keys(jobs).length, jobs: Object.entries(jobs).map(jobOf) },
})

function jobOf([name, told]: [string, string | null | Readonly<Record<string, string | null>>], index: number) {
  const steps = Object.entries(
    told === 'skipped' ? {} : told !== null && typeof told === 'object' ? told : { Run: told },
  )
  const conclusion = told === 'skipped' ? told : (steps.at(-1)?.[1] ?? null)
  const started_at = '2026-11-21T10:00:00Z'
  const completed_at = (ended: string | null) => (ended === null ? null : '2026-11-21T10:04:00Z')
  const status = (ended: string | null) => (ended === null ? 'in_progress' : 'completed')
  return {
    id: index + 1,
    name,
    status: status(conclusion),
    conclusion,
    started_at,
    completed_at: completed_at(conclusion),
    steps: steps.map(([step, ended], before) => ({
      number: before + 1,
      name: step,
      status: status(ended),
      conclusion: ended,
      started_at,
      completed_at: completed_at(ended),
    })),
  }
}

async function branchAtCommit(request: RecordedRequest, onCommit: Handler): Promise<Answer> {
  const ref = `refs/${decodeURIComponent(request.path.split('/git/ref/')[1] ?? '')}`
  if (!ref.startsWith('refs/heads/')) return { status: 404, body: { message: 'Not Found' } }
  const answer = await onCommit(request)
  if (answer === 'hang up' || answer.status !== 200) return answer
  const { sha } = answer.body as { readonly sha: string }
  return { status: 200, body: gitRef(ref, sha) }
}

export const gitRef = (ref: string, sha: string, type = 'commit') => ({ ref, object: { type, sha } })

/** JSON as GitHub sends it: a BigInt is written with all its digits. */
const serialise = (body: unknown) =>
  JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? `#${value}#` : value)).replace(/"#(\d+)#"/g, '$1')

export const commit = (sha: string) => ({
  sha,
  html_url: `https://github.example.com/acme/platform/commit/${sha}`,
  commit: { message: 'Make search faster\n\nLonger text', author: { name: 'Ada', date: '2026-11-20T10:00:00Z' } },
  author: { login: 'ada' },
})

export const listedRun = (id: number | bigint, displayTitle: string) => ({
  id,
  display_title: displayTitle,
  path: '.github/workflows/deploy-console.yml',
  html_url: `https://github.example.com/acme/platform/actions/runs/${id}`,
})
