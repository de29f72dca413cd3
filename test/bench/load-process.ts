import pg from 'pg'
import { Pool } from 'undici'
import type { LoadJob, Measured } from '~test/bench/load'

// The load generator, in a process of its own so that it does not measure itself waiting for the one that prepares.
// It gets one job at a time over its channel, and ends with the channel.

type Work = () => Promise<void>

/** Runs lanes on `workers.length` workers; gives the milliseconds each piece of work took, and the time for all. */
async function run(lanes: readonly (readonly ((worker: number) => Promise<void>)[])[], workers: number) {
  const latencies: number[] = []
  let next = 0
  const began = performance.now()
  const work = async (worker: number) => {
    for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++]) {
      for (const piece of lane) {
        const from = performance.now()
        await piece(worker)
        latencies.push(performance.now() - from)
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
  return { latencies, seconds: (performance.now() - began) / 1000 }
}

async function measure(job: LoadJob): Promise<Measured> {
  const { lanes, close } = job.kind === 'http' ? overHttp(job) : await overSql(job)
  try {
    await run(lanes.slice(0, job.warmUp), job.concurrency)
    return await run(lanes.slice(job.warmUp), job.concurrency)
  } finally {
    await close()
  }
}

function overHttp(job: Extract<LoadJob, { kind: 'http' }>) {
  const pool = new Pool(job.origin, { connections: job.concurrency, pipelining: 1 })
  const lanes = job.lanes.map((lane) =>
    lane.map(({ method, path, headers, body, expect }) => async () => {
      const answer = await pool.request({ method, path, headers: { ...headers }, body: body ?? null })
      const text = await answer.body.text()
      if (answer.statusCode !== expect) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`)
    }),
  )
  return { lanes, close: (() => pool.close()) as Work }
}

async function overSql(job: Extract<LoadJob, { kind: 'sql' }>) {
  const clients = Array.from({ length: job.concurrency }, () => new pg.Client({ connectionString: job.url }))
  await Promise.all(clients.map((client) => client.connect()))
  const lanes = job.lanes.map((lane) =>
    lane.map((transaction) => async (worker: number) => {
      for (const { text, values, name } of transaction) {
        const query = { text, values: [...values], rowMode: 'array', ...(name === undefined ? {} : { name }) }
        await clients[worker]?.query(query)
      }
    }),
  )
  const close: Work = async () => {
    await Promise.all(clients.map((client) => client.end()))
  }
  return { lanes, close }
}

process.on('message', (job: LoadJob) => {
  measure(job).then(
    (result) => process.send?.({ result }),
    (error) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')
