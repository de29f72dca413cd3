import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { runProber } from '~/server/worker/prober'
import { createTestDatabase } from '~test/support/database'

export interface ProberSizes {
  readonly surfaces: number
  /** How many of them accept the connection and never answer. */
  readonly hanging: number
  /** How many have a deploy in progress. */
  readonly deploying: number
  readonly warmUpS: number
  readonly measuredS: number
}

export interface ProberFigures {
  /** The greatest age of the last result of a surface that answers, sampled twice a second. */
  readonly healthyOldestS: number
  readonly deployingOldestS: number
  /** Probes that began too soon after the last one of the same surface: none if the workers claim surfaces correctly. */
  readonly askedTwice: number
  /** The number of requests to hanging surfaces in the measured time. */
  readonly hangingAsked: number
}

const ANSWER_MS = 20
const SAMPLE_MS = 500

/** Two workers probe surfaces on the loopback address in real time, as in the product. */
export async function measureProber(server: string, sizes: ProberSizes): Promise<ProberFigures> {
  const surfaces = await startSurfaces(sizes.hanging)
  const database = await createTestDatabase(server)
  const workers = [1, 2].map(() => createDeps(configOf(database.url)))
  const [first] = workers
  if (first === undefined) throw new Error('there is no worker')
  await insertSurfaces(first, surfaces.origin, sizes)
  const stopping = new AbortController()
  const running = workers.map((deps) => runProber(deps, stopping.signal))
  try {
    await wait(sizes.warmUpS * 1_000)
    surfaces.begin()
    const oldest = { healthy: 0, deploying: 0 }
    for (let passed = 0; passed < sizes.measuredS * 1_000; passed += SAMPLE_MS) {
      const age = await agesOf(first, sizes)
      oldest.healthy = Math.max(oldest.healthy, age.healthy)
      oldest.deploying = Math.max(oldest.deploying, age.deploying)
      await wait(SAMPLE_MS)
    }
    const { askedTwice, hangingAsked } = surfaces.counts()
    return { healthyOldestS: oldest.healthy, deployingOldestS: oldest.deploying, askedTwice, hangingAsked }
  } finally {
    stopping.abort()
    await Promise.all(running)
    await Promise.all(workers.map(({ db }) => db.$disconnect()))
    await surfaces.close()
    await database.drop()
  }
}

const configOf = (databaseUrl: string) =>
  readServerConfig({
    DATABASE_URL: databaseUrl,
    GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
    GITHUB_DISPATCH_TOKEN: 'bench-token',
    DEPLOY_CALLBACK_HMAC_SECRET: 'x'.repeat(32),
    AUTH_SECRET: 'x'.repeat(32),
    LOG_LEVEL: 'silent',
  })

/** The first surfaces are the ones that hang. */
async function startSurfaces(hanging: number) {
  const last = new Map<number, number>()
  const counts = { askedTwice: 0, hangingAsked: 0 }
  const server = createServer(async (request, response) => {
    const n = Number(request.url?.slice(1))
    const now = performance.now()
    // Half of the shortest pause between probes.
    if (now - (last.get(n) ?? Number.NEGATIVE_INFINITY) < 1_000) counts.askedTwice += 1
    last.set(n, now)
    if (n < hanging) {
      counts.hangingAsked += 1
      return
    }
    await wait(ANSWER_MS)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    begin: () => Object.assign(counts, { askedTwice: 0, hangingAsked: 0 }),
    counts: () => counts,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const idOf = (n: number) => `surface-${n}`

async function insertSurfaces({ db, newId, now }: Deps, origin: string, sizes: ProberSizes): Promise<void> {
  const about = { environment: 'production', repository: 'acme/platform', workflow: 'deploy.yml', ref: 'main' }
  await db.surface.createMany({
    data: Array.from({ length: sizes.surfaces }, (_, n) => ({
      ...about,
      id: idOf(n),
      name: idOf(n),
      url: origin,
      healthUrl: `${origin}/${n}`,
      confirm: idOf(n),
      timeoutMinutes: 30,
      position: n,
    })),
  })
  for (let n = sizes.surfaces - sizes.deploying; n < sizes.surfaces; n += 1) {
    const id = newId()
    const { ref: workflowRef } = about
    await db.deploy.create({
      data: {
        ...about,
        id,
        surfaceId: idOf(n),
        workflowRef,
        status: 'deploying',
        requestedBy: 'operator',
        idempotencyKey: id,
        requestDigest: 'digest',
        phaseCallbacks: true,
        requestedAt: now(),
        lastEventAt: now(),
      },
    })
    await db.surface.update({ where: { id: idOf(n) }, data: { lastDeployId: id } })
  }
}

async function agesOf({ db, now }: Deps, { hanging, surfaces, deploying }: ProberSizes) {
  const at = now().getTime()
  const rows = await db.surface.findMany({
    where: { position: { gte: hanging } },
    select: { position: true, healthCheckedAt: true },
  })
  const ageOf = (of: (position: number) => boolean) =>
    Math.max(
      ...rows
        .filter(({ position }) => of(position))
        .map(({ healthCheckedAt }) => at - (healthCheckedAt?.getTime() ?? 0)),
    ) / 1_000
  const isDeploying = (position: number) => position >= surfaces - deploying
  return { healthy: ageOf((position) => !isDeploying(position)), deploying: ageOf(isDeploying) }
}
