import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { commit, SHA } from '~test/support/scripted-github'

/** What GitHub takes to answer in this benchmark. */
const ANSWER_MS = 50

/** A GitHub that knows one branch and accepts every dispatch, each after 50 ms; and the health endpoint of all surfaces. */
export async function startSlowGitHub() {
  let runId = 5_000_000_000
  const server = createServer(async (request, response) => {
    request.resume()
    const { method, url = '' } = request
    const answer = (body: object, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (!url.startsWith('/api/v3')) return answer({ status: 'ok' })
    await pause(ANSWER_MS)
    if (method === 'POST') {
      runId += 1
      return answer({ workflow_run_id: runId })
    }
    const path = decodeURIComponent(url)
    if (path.endsWith('/git/ref/heads/main')) {
      return answer({ ref: 'refs/heads/main', object: { type: 'commit', sha: SHA } })
    }
    if (path.includes('/git/')) return answer({ message: 'Not Found' }, 404)
    answer(commit(SHA))
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
