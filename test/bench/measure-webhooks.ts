import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { percentileOf } from '~test/bench/load'
import { prepareDeploys } from '~test/bench/prepare'
import { signedWebhook, webhookEvents } from '~test/support/signed-webhook'

const BURST = 50
/** Run ids that no other part of the benchmark uses. */
const FIRST_RUN = 3_000_000_000
const WAIT_MS = 30_000

export interface WebhookFigures {
  readonly burst: number
  /** The highest number of requests about a run after a burst of events. One look asks for the run and for its jobs. */
  readonly requests: number
  /** Milliseconds from the first event to the first request of the look. */
  readonly p50: number
  readonly p95: number
}

/** Sends a burst of webhooks about each of several runs, and counts the requests to GitHub. */
export async function measureWebhooks(
  product: ConsoleUnderTest,
  db: pg.Client,
  { rounds, afterMs }: { readonly rounds: number; readonly afterMs: number },
): Promise<WebhookFigures> {
  const deploys = (await prepareDeploys(db, 'webhook-', rounds)).map((deploy, n) => ({
    ...deploy,
    runId: String(FIRST_RUN + n),
  }))
  await db.query(
    `UPDATE console_deploys SET github_run_id = run::bigint
     FROM unnest($1::uuid[], $2::text[]) AS own(deploy, run) WHERE id = deploy`,
    [deploys.map(({ id }) => id), deploys.map(({ runId }) => runId)],
  )
  await db.query('UPDATE surfaces SET archived_at_utc = NULL WHERE id = ANY($1::text[])', [
    deploys.map(({ surfaceId }) => surfaceId),
  ])
  const waits: number[] = []
  for (const { runId } of deploys) {
    const events = await Promise.all(Array.from({ length: BURST }, (_, n) => webhookOf(product, Number(runId), n)))
    const sentAt = performance.now()
    await Promise.all(events.map((event) => accepted(product, event)))
    waits.push((await product.firstRequestAbout(runId, WAIT_MS)) - sentAt)
  }
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  const requests = Math.max(...deploys.map(({ runId }) => product.requestsAbout(runId)))
  return { burst: BURST, requests, p50: percentileOf(waits, 0.5), p95: percentileOf(waits, 0.95) }
}

const webhookOf = ({ webhookSecret: secret }: ConsoleUnderTest, runId: number, n: number): Promise<Request> =>
  n % 5 === 0
    ? signedWebhook('workflow_run', webhookEvents.run(runId), { secret })
    : signedWebhook('workflow_job', webhookEvents.job(runId), { secret })

async function accepted(product: ConsoleUnderTest, event: Request): Promise<void> {
  const answer = await fetch(`${product.url}/api/github/webhooks`, {
    method: 'POST',
    headers: event.headers,
    body: await event.text(),
  })
  await answer.body?.cancel()
  if (answer.status !== 202) throw new Error(`A webhook was answered ${answer.status}.`)
}
