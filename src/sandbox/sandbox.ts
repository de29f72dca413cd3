import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { z } from 'zod'
import { controlRoutes } from '~/sandbox/control/control-routes'
import { createFaults } from '~/sandbox/control/faults'
import { createPauses } from '~/sandbox/control/pauses'
import { identityRoute, readListening, refuseSecond, writeListening } from '~/sandbox/control/running-sandbox'
import { logCommits } from '~/sandbox/git/commits'
import { openRepository } from '~/sandbox/git/create-repository'
import { resolveCommit } from '~/sandbox/git/refs'
import type { ApiDeps } from '~/sandbox/github/endpoint'
import { createApi } from '~/sandbox/github/endpoints/api'
import { openIdTokens } from '~/sandbox/github/endpoints/id-tokens'
import { json, writeAnswer } from '~/sandbox/http/answer'
import { closeServer, listen } from '~/sandbox/http/listen'
import { pageRoutes } from '~/sandbox/pages/page-routes'
import { createRequestHandler } from '~/sandbox/request-handler'
import { runRequestFor } from '~/sandbox/run-request'
import type { Executor } from '~/sandbox/runs/executor'
import { openIds } from '~/sandbox/runs/ids'
import { createRunQueue } from '~/sandbox/runs/run-queue'
import { createRunService } from '~/sandbox/runs/run-service'
import { openRunStore, type RunStore } from '~/sandbox/runs/run-store'
import { clearLeftovers, createWorkDir, removeWorkDir } from '~/sandbox/runs/work-dirs'
import type { SandboxConfig } from '~/sandbox/state/config'
import { jsonDocument } from '~/sandbox/state/json-document'
import { openVariables } from '~/sandbox/state/variables'
import { openSurfaces } from '~/sandbox/surfaces/surface-platform'
import { createSurfaceRouter } from '~/sandbox/surfaces/surface-routes'
import { openDeliveries } from '~/sandbox/webhooks/deliveries'
import { announcePushes, pingOf } from '~/sandbox/webhooks/repository-events'
import { announcing } from '~/sandbox/webhooks/run-events'

export interface Sandbox {
  readonly url: string
  readonly close: () => Promise<void>
}

const CONCURRENT_RUNS = 2
/** As GitHub does, so that a request rarely meets a connection that closes. */
const KEEP_ALIVE_MS = 65_000

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

const preferredPorts = (config: SandboxConfig): number[] => {
  const remembered = readListening(config.dir)?.url
  const port = config.port ?? (remembered === undefined ? undefined : Number(new URL(remembered).port))
  return port === undefined ? [] : [port]
}

const failure = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
  process.stderr.write(`${request.method} ${request.url?.split('?')[0]}: ${String(error)}\n`)
  if (response.headersSent) response.destroy()
  else
    writeAnswer(
      request,
      response,
      json(500, { message: 'Server Error', documentation_url: 'https://docs.github.com/rest', status: '500' }),
    )
}

const secretsSchema = z.object({ deployHookToken: z.string().min(32) })

/** Secrets that the sandbox generates once. Only the owner may read the file. */
const openSecrets = (dir: string): z.infer<typeof secretsSchema> => {
  const document = jsonDocument(path.join(dir, 'secrets.json'), secretsSchema, () => ({
    deployHookToken: randomBytes(24).toString('base64url'),
  }))
  document.write(document.read())
  return document.read()
}

/** Sends webhooks to the console, if there is a secret to sign them. */
const openWebhooks = async (config: SandboxConfig, github: Pick<ApiDeps, 'urls' | 'repository'>) => {
  if (config.webhookSecret === undefined) return { store: (store: RunStore) => store, close: async () => undefined }
  const url = `${config.consoleUrl}/api/github/webhooks`
  const deliveries = openDeliveries(url, config.webhookSecret)
  const watcher = await announcePushes(github, deliveries)
  deliveries.ping(await pingOf(github, url))
  return {
    store: (store: RunStore) => announcing(store, github, deliveries),
    close: async () => {
      watcher.close()
      await deliveries.close()
    },
  }
}

/** Starts the sandbox. The runs and surfaces in its directory continue. */
export const startSandbox = async (config: SandboxConfig, executor: Executor): Promise<Sandbox> => {
  mkdirSync(config.dir, { recursive: true, mode: 0o700 })
  await refuseSecond(config.dir)
  clearLeftovers(config.dir)
  const repository = await openRepository(config.dir, config.workflowsDir, new Date())

  // The parts below need the port, so the server listens first. Early requests wait for the handler.
  let ready: (handler: Handler) => void = () => undefined
  const handler = new Promise<Handler>((resolve) => {
    ready = resolve
  })
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    handler.then((handle) => handle(request, response)).catch((error: unknown) => failure(request, response, error))
  })
  const port = await listen(server, preferredPorts(config))
  const web = `http://127.0.0.1:${port}`
  const urls = { web, api: `${web}/api/v3` }

  const now = `${new Date().toISOString().slice(0, 19)}Z`
  const variables = openVariables({ dir: config.dir, consoleUrl: config.consoleUrl, now })
  const { deployHookToken } = openSecrets(config.dir)
  const history = await logCommits(repository, `refs/heads/${repository.defaultBranch}`, { limit: 50 })
  const surfaces = await openSurfaces({ dir: config.dir, declared: config.surfaces, history })

  const told = await openWebhooks(config, { urls, repository })
  const store = told.store(openRunStore(`${config.dir}/runs`))
  const pauses = createPauses()
  const idTokens = await openIdTokens({ dir: config.dir, web, repository })
  const requestFor = runRequestFor({
    ...{ config, repository, urls, variables, deployHookToken, pauses },
    grantIdTokens: idTokens.grant,
  })
  const ids = openIds(`${config.dir}/ids.json`)
  const queue = createRunQueue({
    ...{ store, executor, requestFor, createWorkDir, removeWorkDir },
    nextJobId: ids.nextJobId,
    limit: CONCURRENT_RUNS,
  })
  const runs = createRunService({ ids, store, queue, executor, requestFor })

  const faults = createFaults()
  const isCommit = async (sha: string): Promise<boolean> => (await resolveCommit(repository, sha)) === sha
  ready(
    createRequestHandler({
      consoleUrl: config.consoleUrl,
      api: createApi({ urls, repository, store, runs, variables }, config.token),
      faults,
      surfaces: createSurfaceRouter({ surfaces, hookToken: deployHookToken, isCommit }),
      pages: [
        ...pageRoutes({ consoleUrl: config.consoleUrl, surfaces, variables, store, repository }),
        identityRoute(config.token),
        ...idTokens.routes,
      ],
      control: controlRoutes({ surfaces, variables, faults, pauses }),
      token: config.token,
      origins: [web, `http://localhost:${port}`],
    }),
  )
  runs.recover()
  writeListening(config.dir, { url: web, token: config.token })

  return {
    url: web,
    close: async () => {
      // The port is freed at once, because the next start may come before the last step has ended.
      const platforms = [...surfaces.values()].map((platform) => platform.close())
      await Promise.all([told.close(), queue.close(), closeServer(server), ...platforms])
    },
  }
}
