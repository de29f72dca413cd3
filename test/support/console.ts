import { randomBytes } from 'node:crypto'
import type { CallbackWay } from '~/domain/deploy/callback'
import { type DeployStatus, isTerminal } from '~/domain/deploy/status'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { declaredColumns, digestDeclaration } from '~/server/surfaces/declare/declarations'
import { createTestDatabase } from '~test/support/database'

export const CALLBACK_SECRET = `whsec_${randomBytes(32).toString('base64')}`
export const WEBHOOK_SECRET = randomBytes(32).toString('hex')
export const AUTH_SECRET = randomBytes(32).toString('base64')

export interface TestConsole {
  readonly deps: Deps
  readonly close: () => Promise<void>
}

/** The console's dependencies with a database of their own and the address of the GitHub stand-in. */
export async function createTestConsole(options: { githubApiUrl?: string; env?: Record<string, string> } = {}) {
  const database = await createTestDatabase()
  const config = readServerConfig({
    DATABASE_URL: database.url,
    GITHUB_API_URL: options.githubApiUrl ?? 'http://127.0.0.1:9/api/v3',
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
    AUTH_SECRET,
    GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    LOG_LEVEL: 'silent',
    RATE_LIMIT_PER_MINUTE: 'off',
    ...options.env,
  })
  const deps = createDeps(config)
  const close = async () => {
    await deps.db.$disconnect()
    await database.drop()
  }
  return { deps, close } satisfies TestConsole
}

let surfaceCount = 0

/** Adds a declared surface, a new one for each call so that the deploys of one test do not block each other. */
export async function insertSurface(deps: Deps, overrides: { id?: string; environment?: string } = {}) {
  surfaceCount += 1
  const id = overrides.id ?? `surface-${surfaceCount}`
  return deps.db.surface.create({
    data: {
      id,
      name: `Surface ${surfaceCount}`,
      environment: overrides.environment ?? 'production',
      repository: 'acme/platform',
      workflow: 'deploy-console.yml',
      ref: 'main',
      url: `https://${id}.example.com`,
      healthUrl: `https://${id}.example.com/health`,
      confirm: id,
      timeoutMinutes: 30,
      position: surfaceCount,
    },
  })
}

/** The digest of what is declared now, with which a request is compared. */
export const declarationOf = async ({ db }: Pick<Deps, 'db'>, id: string) =>
  digestDeclaration(await db.surface.findUniqueOrThrow({ where: { id }, select: declaredColumns }))

/** Adds a deploy that already has `status`, on a surface of its own. */
export async function insertDeployAt(
  deps: Deps,
  status: DeployStatus,
  overrides: { requestedAt?: Date; githubRunId?: bigint; callbacks?: CallbackWay; repositoryId?: bigint } = {},
) {
  const surface = await insertSurface(deps)
  const requestedAt = overrides.requestedAt ?? deps.now()
  const id = deps.newId()
  await deps.db.deploy.create({
    data: {
      id,
      surfaceId: surface.id,
      environment: surface.environment,
      repository: surface.repository,
      workflow: surface.workflow,
      ref: 'main',
      workflowRef: 'main',
      status,
      ...(status === 'succeeded' ? { shipped: 'yes' } : {}),
      requestedBy: 'operator',
      idempotencyKey: id,
      requestDigest: 'digest',
      phaseCallbacks: true,
      githubRunId: overrides.githubRunId ?? null,
      callbacks: overrides.callbacks ?? 'shared',
      repositoryId: overrides.repositoryId ?? null,
      requestedAt,
      lastEventAt: requestedAt,
      finishedAt: isTerminal(status) ? requestedAt : null,
    },
  })
  await deps.db.surface.update({ where: { id: surface.id }, data: { lastDeployId: id } })
  return { id, surface }
}
