import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import type { DeployStatus } from '~/domain/deploy/status'
import { productionBuild } from '~/launch/build/production-build'
import { waitFor } from '~/launch/machine/wait-for'
import { RECONCILE_PASS } from '~/server/worker/tasks'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import { AUTH_SECRET, CALLBACK_SECRET, createTestConsole, insertSurface } from '~test/support/console'
import { modelGitHub } from '~test/support/model-github'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'

const view = z.object({
  status: z.string(),
  failureStage: z.string().nullable(),
  failureDetail: z.string().nullable(),
  runId: z.string().nullable(),
  timeline: z.array(z.object({ action: z.string(), status: z.string().nullable(), note: z.string().nullable() })),
})
const answered = z.object({ result: z.object({ data: z.unknown() }) })
const refused = z.object({
  error: z.object({ data: z.object({ appCode: z.string().nullable() }) }),
})
const dispatched = z.object({ id: z.string(), status: z.string(), runId: z.string().nullable() })

export type Dispatched = z.output<typeof dispatched> | { readonly refused: string | null }

/** A server with an operator who is signed in. */
export interface SignedInServer extends BuiltServer {
  readonly cookie: string
}

/** The built server as its own process, with a model of GitHub and a PostgreSQL in which faults are caused. */
export async function createFaultWorld(options: { databaseUrl?: string } = {}) {
  const build = productionBuild(path.resolve(import.meta.dirname, '../../..'))
  if (!build.fits) throw new Error('These tests start the built product: make the build first ("npm run build").')
  const github = await startScriptedGitHub()
  const model = modelGitHub(github)
  const env = { ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }) }
  const console_ = await createTestConsole({ githubApiUrl: github.apiUrl, env })
  const { deps } = console_
  const servers: BuiltServer[] = []

  const accept = model.accepting()
  github.script.onDispatch = accept

  const statusOf = async (id: string) =>
    (await deps.db.deploy.findUniqueOrThrow({ where: { id }, select: { status: true } })).status

  return {
    deps,
    github,
    model,
    accept,
    statusOf,
    startServer: async (
      databaseUrl = deps.config.databaseUrl,
      env: Readonly<Record<string, string>> = {},
    ): Promise<SignedInServer> => {
      const server = await startBuiltServer({
        DATABASE_URL: databaseUrl,
        GITHUB_API_URL: github.apiUrl,
        GITHUB_DISPATCH_TOKEN: 'test-token',
        DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
        AUTH_SECRET,
        LOG_LEVEL: 'error',
        ...env,
      })
      servers.push(server)
      return { ...server, cookie: await signedInAs(deps) }
    },
    /** A surface whose health endpoint is on this GitHub too, so that nothing leaves the machine. */
    newSurface: async () => {
      const surface = await insertSurface(deps)
      const healthUrl = `${github.apiUrl}/health`
      await deps.db.surface.update({ where: { id: surface.id }, data: { url: healthUrl, healthUrl } })
      return surface.id
    },
    intentOn: async (surfaceId: string) => {
      const rows = await deps.db.deploy.findMany({ where: { surfaceId }, orderBy: { id: 'desc' }, take: 1 })
      return rows[0] ?? null
    },
    /** Makes these deploys `minutes` older, and the last event and the last look too. */
    age: async (ids: readonly string[], minutes: number) => {
      const at = new Date(Date.now() - minutes * 60_000)
      const where = { id: { in: [...ids] } }
      await deps.db.deploy.updateMany({ where, data: { requestedAt: at, lastEventAt: at, lastLookedAt: at } })
    },
    /** Adds the job that the schedule adds every minute. The server itself has to run it. */
    nextMinute: () => deps.db.$executeRaw`
      SELECT FROM graphile_worker.add_job(${RECONCILE_PASS}, job_key => ${RECONCILE_PASS}, max_attempts => 1)`,
    /** Waits until the server has brought the deploy to this status. */
    until: async (id: string, status: DeployStatus) => {
      const reached = await waitFor(async () => ((await statusOf(id)) === status ? true : undefined), {
        withinMs: 100_000,
      })
      if (reached === undefined) throw new Error(`${id} stands at ${await statusOf(id)} and not at ${status}.`)
    },
    /** Waits until the server knows the deploy's run: a deploy can be `dispatched` long before. */
    untilRunKnown: async (id: string) => {
      const where = { id, githubRunId: { not: null } }
      const known = await waitFor(async () => ((await deps.db.deploy.count({ where })) > 0 ? true : undefined), {
        withinMs: 100_000,
      })
      if (known === undefined) throw new Error(`The server did not find the run of ${id}.`)
    },
    close: async () => {
      for (const server of servers) await server.kill()
      await console_.close()
      await github.close()
    },
  }
}

export type FaultWorld = Awaited<ReturnType<typeof createFaultWorld>>

/** Presses Deploy. Rejects if the server does not answer at all. */
export async function dispatch(server: SignedInServer, surfaceId: string, key = randomUUID()): Promise<Dispatched> {
  const input = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: key }
  const response = await fetch(`${server.url}/api/trpc/deploys.dispatch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: server.cookie },
    body: JSON.stringify(input),
  })
  const body: unknown = await response.json()
  if (response.ok) return dispatched.parse(answered.parse(body).result.data)
  return { refused: refused.parse(body).error.data.appCode }
}

/** Sends the request of a script and returns the whole answer. Rejects if the server does not answer at all. */
export async function dispatchByRest(server: SignedInServer, surfaceId: string, key: string) {
  const response = await fetch(`${server.url}/api/internal/deploys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: server.cookie, 'idempotency-key': `"${key}"` },
    body: JSON.stringify({ surface: surfaceId, ref: 'main', confirmation: surfaceId }),
  })
  const body: unknown = await response.json()
  return { http: response.status, retryAfter: response.headers.get('retry-after'), body }
}

/** Presses Approve. Rejects if the server does not answer at all. */
export async function approve(server: SignedInServer, id: string): Promise<number> {
  const response = await fetch(`${server.url}/api/internal/approvals/${id}/approve`, {
    method: 'POST',
    headers: { cookie: server.cookie },
  })
  await response.text()
  return response.status
}

/** Releases a surface that its deploy holds, and returns the HTTP status. */
export async function release(server: SignedInServer, id: string): Promise<number> {
  const response = await fetch(`${server.url}/api/internal/deploys/${id}/release`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: server.cookie },
    body: JSON.stringify({ reason: 'the server was killed before it asked GitHub' }),
  })
  await response.text()
  return response.status
}

/** The deploy as the operator sees it. */
export async function look(server: SignedInServer, id: string): Promise<z.output<typeof view>> {
  const input = encodeURIComponent(JSON.stringify({ id }))
  const response = await fetch(`${server.url}/api/trpc/deploys.get?input=${input}`, {
    headers: { cookie: server.cookie },
  })
  return view.parse(answered.parse(await response.json()).result.data)
}

/** A workflow's signed callback, over the network. */
export async function callBack(server: BuiltServer, id: string, body: object, webhookId: string = randomUUID()) {
  const signed = signedCallback(id, body, { webhookId })
  const { pathname } = new URL(signed.url)
  return fetch(`${server.url}${pathname}`, { method: 'POST', headers: signed.headers, body: await signed.text() })
}
