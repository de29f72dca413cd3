import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** What GitHub takes to answer a dispatch in this benchmark. */
const ANSWER_MS = 50

/** A GitHub that accepts every dispatch after 50 ms, and a health endpoint for the benchmark's surfaces. */
export async function startSlowGitHub() {
  let runId = 5_000_000_000
  const server = createServer(async (request, response) => {
    request.resume()
    const isDispatch = request.url?.endsWith('/dispatches') ?? false
    if (isDispatch) await pause(ANSWER_MS)
    runId += 1
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isDispatch ? { workflow_run_id: runId } : { status: 'ok' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
