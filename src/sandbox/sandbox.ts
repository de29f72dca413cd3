import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { z } from 'zod'
import { controlRoutes } from '~/sandbox/control/control-routes'
import { createFaults } from '~/sandbox/control/faults'
import { createPauses } from '~/sandbox/control/pauses'
import { identityRoute, readListening, refuseSecond, writeListening } from '~/sandbox/control/running-sandbox'
import { type Commit, logCommits } from '~/sandbox/git/commits'
import { resolveCommit } from '~/sandbox/git/refs'
import { fullNameOf, type Repository } from '~/sandbox/git/repository'
import type { ApiDeps } from '~/sandbox/github/endpoint'
import { createApi } from '~/sandbox/github/endpoints/api'
import { openIdTokens } from '~/sandbox/github/endpoints/id-tokens'
import { createLogLinks } from '~/sandbox/github/log-links'
import { json, writeAnswer } from '~/sandbox/http/answer'
import { closeServer, listen } from '~/sandbox/http/listen'
import { pageRoutes } from '~/sandbox/pages/page-routes'
import { createRequestHandler } from '~/sandbox/request-handler'
import { runRequestFor } from '~/sandbox/run-request'
import type { Executor } from '~/sandbox/runs/executor'
import { openIds } from '~/sandbox/runs/ids'
import { createPendingDeployments } from '~/sandbox/runs/pending-deployments'
import { createRunQueue } from '~/sandbox/runs/run-queue'
import { createRunService } from '~/sandbox/runs/run-service'
import { openRunStore, type RunStore, runsOf } from '~/sandbox/runs/run-store'
import { clearLeftovers, createWorkDir, removeWorkDir } from '~/sandbox/runs/work-dirs'
import { openSandboxRepositories, PLATFORM, repositoryOfSurface, STOREFRONT } from '~/sandbox/samples/repositories'
import type { SandboxConfig, SurfaceDeclaration } from '~/sandbox/state/config'
import { jsonDocument } from '~/sandbox/state/json-document'
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

/** Sends the webhooks of every repository to the console, if there is a secret to sign them. */
const openWebhooks = async (
  config: SandboxConfig,
  repositories: readonly Pick<ApiDeps, 'urls' | 'repository' | 'environments'>[],
) => {
  if (config.webhookSecret === undefined) return { store: (store: RunStore) => store, close: async () => undefined }
  const url = `${config.consoleUrl}/api/github/webhooks`
  const deliveries = openDeliveries(url, config.webhookSecret)
  const watchers = await Promise.all(repositories.map((repository) => announcePushes(repository, deliveries)))
  for (const repository of repositories) deliveries.ping(await pingOf(repository, url))
  return {
    store: (store: RunStore) => announcing(store, repositories, deliveries),
    close: async () => {
      for (const watcher of watchers) watcher.close()
      await deliveries.close()
    },
  }
}

const historiesOf = async (repositories: readonly Repository[]): Promise<ReadonlyMap<string, readonly Commit[]>> => {
  const read = async (repository: Repository) =>
    [
      fullNameOf(repository),
      await logCommits(repository, `refs/heads/${repository.defaultBranch}`, { limit: 50 }),
    ] as const
  return new Map(await Promise.all(repositories.map(read)))
}

/** Starts the sandbox. The runs and surfaces in its directory continue. */
export const startSandbox = async (config: SandboxConfig, executor: Executor): Promise<Sandbox> => {
  mkdirSync(config.dir, { recursive: true, mode: 0o700 })
  await refuseSecond(config.dir)
  clearLeftovers(config.dir)
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

  const { deployHookToken } = openSecrets(config.dir)
  const opened = await openSandboxRepositories({ config, web, deployHookToken })
  const repositories = [...opened.values()].map(({ repository }) => repository)
  const histories = await historiesOf(repositories)
  const surfaces = await openSurfaces({
    dir: config.dir,
    declared: config.surfaces,
    historyOf: (surface) => histories.get(repositoryOfSurface(surface)) ?? [],
  })

  const told = await openWebhooks(
    config,
    [...opened.values()].map(({ repository, environments }) => ({ urls, repository, environments })),
  )
  const store = told.store(openRunStore(`${config.dir}/runs`))
  const pauses = createPauses()
  const pending = createPendingDeployments()
  const logs = createLogLinks(web, store)
  const idTokens = await openIdTokens({ dir: config.dir, web, repositories })
  const requestFor = runRequestFor({
    config,
    repositories: opened,
    urls,
    pauses,
    pending,
    grantIdTokens: idTokens.grant,
  })
  const ids = openIds(`${config.dir}/ids.json`)
  const queue = createRunQueue({
    ...{ store, executor, requestFor, createWorkDir, removeWorkDir },
    nextJobId: ids.nextJobId,
    limit: CONCURRENT_RUNS,
  })
  const runs = createRunService({ ids, store, queue, pending, executor, requestFor })

  const faults = createFaults()
  const apis = [...opened].map(([name, { repository, variables, environments }]) => ({
    ...{ urls, repository, variables, environments, pending, runs },
    linkToLog: logs.linkTo,
    store: runsOf(store, name),
  }))
  const isCommit = async (surface: SurfaceDeclaration, sha: string): Promise<boolean> => {
    const own = opened.get(repositoryOfSurface(surface))
    return own !== undefined && (await resolveCommit(own.repository, sha)) === sha
  }
  const shop = opened.get(STOREFRONT)
  const variables = opened.get(PLATFORM)?.variables
  if (variables === undefined || shop === undefined) throw new Error('The sandbox has not opened its repositories')
  ready(
    createRequestHandler({
      consoleUrl: config.consoleUrl,
      api: createApi(apis, urls, config.token),
      faults,
      surfaces: createSurfaceRouter({ surfaces, hookToken: deployHookToken, isCommit }),
      pages: [
        ...pageRoutes({
          ...{ consoleUrl: config.consoleUrl, surfaces, variables, store, repositories, pending },
          environments: shop.environments,
        }),
        logs.route,
        identityRoute(config.token),
        ...idTokens.routes,
      ],
      control: controlRoutes({
        ...{ surfaces, variables, faults, pauses, store, runs, pending },
        storefront: shop,
      }),
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
