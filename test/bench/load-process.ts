import pg from 'pg'
import { Pool } from 'undici'
import type { LoadJob, LoadRequest, Measured } from '~test/bench/load'

// The load generator is a separate process, so that the benchmark's own work does not delay its measurements. It gets one job
// at a time over its channel, and ends with the channel.

/** Runs lanes on this many workers. Returns the milliseconds that each piece of work took, and the seconds for all. */
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
  const send = async ({ method, path, headers, body, expect, followedBy }: LoadRequest): Promise<void> => {
    const answer = await pool.request({ method, path, headers: { ...headers }, body: body ?? null })
    const text = await answer.body.text()
    if (answer.statusCode !== expect) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`)
    if (followedBy !== undefined) await send(followedBy)
  }
  const lanes = job.lanes.map((lane) => lane.map((request) => () => send(request)))
  return { lanes, close: (): Promise<void> => pool.close() }
}

const connected = new Map<string, Promise<readonly pg.Client[]>>()

async function connect({ url, concurrency }: Extract<LoadJob, { kind: 'sql' }>): Promise<readonly pg.Client[]> {
  const clients = Array.from({ length: concurrency }, () => new pg.Client({ connectionString: url }))
  await Promise.all(clients.map((client) => client.connect()))
  return clients
}

async function overSql(job: Extract<LoadJob, { kind: 'sql' }>) {
  const connecting = connected.get(job.connections) ?? connect(job)
  connected.set(job.connections, connecting)
  const clients = await connecting
  const lanes = job.lanes.map((lane) =>
    lane.map((transaction) => async (worker: number) => {
      for (const { text, values, name } of transaction) {
        const query = { text, values: [...values], rowMode: 'array', ...(name === undefined ? {} : { name }) }
        await clients[worker]?.query(query)
      }
    }),
  )
  // Kept for the next job of that name; closed when the process ends.
  return { lanes, close: async (): Promise<void> => undefined }
}

process.on('message', (job: LoadJob) => {
  measure(job).then(
    (result) => process.send?.({ result }),
    (error) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')
