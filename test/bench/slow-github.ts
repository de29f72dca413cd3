import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { commit, SHA } from '~test/support/scripted-github'

/** What GitHub takes to answer in this benchmark. */
const ANSWER_MS = 50

/** Every run is in progress and has no job yet. */
const RUN = {
  status: 'in_progress',
  conclusion: null,
  run_attempt: 1,
  created_at: '2026-11-21T10:00:00Z',
  updated_at: '2026-11-21T10:00:00Z',
}

/** A GitHub that knows one branch and accepts every dispatch, each after 50 ms; and the health endpoint of all surfaces. */
export async function startSlowGitHub() {
  let runId = 5_000_000_000
  /** When each request about a run came, by the run. */
  const aboutRuns = new Map<string, number[]>()
  const server = createServer(async (request, response) => {
    request.resume()
    const { method, url = '' } = request
    const answer = (body: object, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (!url.startsWith('/api/v3')) return answer({ status: 'ok' })
    const [, about] = /\/actions\/runs\/(\d+)/.exec(url) ?? []
    if (about !== undefined) aboutRuns.set(about, [...(aboutRuns.get(about) ?? []), performance.now()])
    await pause(ANSWER_MS)
    if (about !== undefined) return answer(url.includes('/jobs') ? { total_count: 0, jobs: [] } : RUN)
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
    requestsAbout: (run: string) => aboutRuns.get(run)?.length ?? 0,
    /** When the first request about a run came; waits for it. */
    firstRequestAbout: async (run: string, waitMs: number): Promise<number> => {
      const end = performance.now() + waitMs
      for (;;) {
        const [first] = aboutRuns.get(run) ?? []
        if (first !== undefined) return first
        if (performance.now() > end) throw new Error(`GitHub was not asked about run ${run} within ${waitMs} ms.`)
        await pause(5)
      }
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
