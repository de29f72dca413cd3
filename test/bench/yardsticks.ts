import { randomUUID } from 'node:crypto'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import type { LoadJob, LoadRequest, Statement } from '~test/bench/load'

/** To a route that only answers 204: what any request costs before the product does anything for it. */
export const BARE_REQUEST: LoadRequest = { method: 'OPTIONS', path: '/api/health', expect: 204 }

/** As many of them as there are lanes. */
export function bareRoute(product: ConsoleUnderTest, size: Size): LoadJob {
  return {
    kind: 'http',
    origin: product.url,
    ...size,
    lanes: Array.from({ length: size.warmUp + size.count }, () => [BARE_REQUEST]),
  }
}

/** The n-th lane's transactions straight over pg, by as many connections. */
export function bareSql(
  product: ConsoleUnderTest,
  size: Size,
  transactions: (n: number) => readonly (readonly Statement[])[],
): LoadJob {
  return {
    kind: 'sql',
    url: product.databaseUrl,
    connections: randomUUID(),
    ...size,
    lanes: Array.from({ length: size.warmUp + size.count }, (_, n) => transactions(n)),
  }
}

export interface Size {
  readonly concurrency: number
  /** Lanes that are not counted, and those that are. */
  readonly warmUp: number
  readonly count: number
}

/** The product's own code on the database under test, to record what it sends there. */
export async function withOwnDeps<Result>(product: ConsoleUnderTest, work: (deps: Deps) => Promise<Result>) {
  const config = readServerConfig({
    DATABASE_URL: product.databaseUrl,
    GITHUB_API_URL: `${product.gitHubOrigin}/api/v3`,
    GITHUB_DISPATCH_TOKEN: 'bench-token',
    DEPLOY_CALLBACK_HMAC_SECRET: product.callbackSecret,
    AUTH_SECRET: product.authSecret,
    LOG_LEVEL: 'silent',
  })
  const deps = createDeps(config)
  try {
    // A connection is set up with a statement of its own, which is no part of what is recorded.
    await deps.db.$queryRaw`SELECT 1`
    return await work(deps)
  } finally {
    await deps.db.$disconnect()
  }
}
