import { randomUUID } from 'node:crypto'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import type { LoadJob, LoadRequest, Statement } from '~test/bench/load'

/** A request to a route that only answers 204: the cost of any request before the product does anything for it. */
export const BARE_REQUEST: LoadRequest = { method: 'OPTIONS', path: '/api/health', expect: 204 }

/** As many requests as there are lanes. */
export function bareRoute(product: ConsoleUnderTest, size: Size): LoadJob {
  return {
    kind: 'http',
    origin: product.url,
    ...size,
    lanes: Array.from({ length: size.warmUp + size.count }, () => [BARE_REQUEST]),
  }
}

/** Each lane's transactions sent directly over pg, with one connection per worker. */
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
  /** Uncounted and counted lanes. */
  readonly warmUp: number
  readonly count: number
}

/** The product's own code on the database under test, to record its SQL. */
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
    // The first query sets up the connection with a statement of its own, which must not be recorded.
    await deps.db.$queryRaw`SELECT 1`
    return await work(deps)
  } finally {
    await deps.db.$disconnect()
  }
}
