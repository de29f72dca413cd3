import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import type { LoadJob, LoadRequest, LoadResult } from '~test/bench/load'
import type { LoadGenerator } from '~test/bench/load-generator'
import { takeTurns } from '~test/bench/take-turns'

const DISPATCHES = 240
/** Until the server has compiled its code. More would be more surfaces to probe meanwhile than a console of this size has. */
const WARM_UP = 120

/** Dispatches of a surface each, and GitHub asked without the product in between. */
export async function measureDispatches(
  product: ConsoleUnderTest,
  db: pg.Client,
  load: LoadGenerator,
  concurrency: number,
): Promise<{ readonly product: LoadResult; readonly gitHub: LoadResult }> {
  const count = DISPATCHES + WARM_UP
  await insertSurfaces(db, { prefix: 'dispatch-', count, archived: false, origin: product.gitHubOrigin })
  const job = (origin: string, request: (n: number) => LoadRequest): LoadJob => ({
    kind: 'http',
    origin,
    concurrency,
    warmUp: WARM_UP,
    lanes: Array.from({ length: count }, (_, n) => [request(n)]),
  })
  const headers = { 'content-type': 'application/json' }
  const gitHub = job(product.gitHubOrigin, () => ({
    method: 'POST',
    path: '/api/v3/repos/acme/platform/actions/workflows/deploy-console.yml/dispatches',
    headers,
    body: JSON.stringify({ ref: 'main', inputs: {} }),
    expect: 200,
  }))
  const dispatches = job(product.url, (n) => {
    const input = {
      surfaceId: `dispatch-${n}`,
      ref: 'main',
      confirmation: `dispatch-${n}`,
      idempotencyKey: randomUUID(),
    }
    return {
      method: 'POST',
      path: '/api/trpc/deploys.dispatch',
      headers: { ...headers, cookie: product.cookie },
      body: JSON.stringify({ json: input }),
      expect: 200,
    }
  })
  const measured = await takeTurns(load, { product: dispatches, gitHub })
  // Off the grid again: what follows measures the grid of the filled database.
  await db.query(`UPDATE surfaces SET archived_at_utc = now() WHERE id LIKE 'dispatch-%'`)
  return measured
}
