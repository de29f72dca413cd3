import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { RunningSandbox } from '~test/support/start-sandbox'

export interface CallOptions {
  readonly body?: unknown
  readonly version?: string
  /** `null` sends no Authorization header. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export interface Called {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

type Target = Pick<RunningSandbox, 'apiUrl' | 'token'>

/** Sends one request to the sandbox's REST API, without following redirects. */
export const call = async (
  sandbox: Target,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Called> => {
  const token = options.token === undefined ? sandbox.token : options.token
  const response = await fetch(`${sandbox.apiUrl}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/vnd.github+json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(options.version === undefined ? {} : { 'x-github-api-version': options.version }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

export const REPO = '/repos/acme/platform'

const runSchema = z.object({
  id: z.number(),
  status: z.string(),
  conclusion: z.string().nullable(),
  display_title: z.string(),
  run_attempt: z.number(),
  run_number: z.number(),
  head_sha: z.string(),
  html_url: z.string(),
})
export type Run = z.infer<typeof runSchema>

const jobsSchema = z.object({
  total_count: z.number(),
  jobs: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      run_attempt: z.number(),
      status: z.string(),
      conclusion: z.string().nullable(),
      started_at: z.string().nullable(),
      completed_at: z.string().nullable(),
      steps: z.array(
        z.object({ name: z.string(), number: z.number(), status: z.string(), conclusion: z.string().nullable() }),
      ),
    }),
  ),
})
export type Jobs = z.infer<typeof jobsSchema>['jobs']

export const getRun = async (sandbox: Target, id: number, repository = REPO): Promise<Run> =>
  runSchema.parse((await call(sandbox, 'GET', `${repository}/actions/runs/${id}`)).json)

export const getJobs = async (sandbox: Target, id: number, query = '', repository = REPO): Promise<Jobs> =>
  jobsSchema.parse((await call(sandbox, 'GET', `${repository}/actions/runs/${id}/jobs${query}`)).json).jobs

/** Dispatches a workflow and returns the id of its run. */
export const dispatch = async (
  sandbox: Target,
  workflow: string,
  inputs: Readonly<Record<string, string>>,
  ref = 'main',
): Promise<number> => {
  const answer = await call(sandbox, 'POST', `${REPO}/actions/workflows/${workflow}/dispatches`, {
    body: { ref, inputs },
    version: '2026-03-10',
  })
  if (answer.status !== 200) throw new Error(`The dispatch answered ${answer.status}: ${answer.text}`)
  return z.object({ workflow_run_id: z.number() }).parse(answer.json).workflow_run_id
}

/** Reads until the value is as wanted; otherwise the time limit of the test ends this. */
export const until = async <T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> => {
  for (;;) {
    const value = await read()
    if (wanted(value)) return value
    await delay(50)
  }
}

export const untilEnded = (sandbox: Target, id: number, repository = REPO): Promise<Run> =>
  until(
    () => getRun(sandbox, id, repository),
    (run) => run.status === 'completed',
  )

/** Waits until a step of the run is in progress: only then is there something to cancel or to lose. */
export const untilStepRuns = (sandbox: Target, id: number, step: string): Promise<Jobs> =>
  until(
    () => getJobs(sandbox, id),
    (jobs) => jobs.some((job) => job.steps.some(({ name, status }) => name === step && status === 'in_progress')),
  )
