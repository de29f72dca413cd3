import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** What a scripted answer is: a status with a JSON body, or `hang up` (the connection is cut without an answer). */
export type Answer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | 'hang up'

type Handler = (request: RecordedRequest) => Answer | Promise<Answer>

interface Script {
  onDispatch: Handler
  onListRuns: Handler
  onRun: Handler
  onJobs: Handler
  onCommit: Handler
  onChecks: Handler
  onStatuses: Handler
  onCancel: Handler
  onRepository: Handler
}

export const SHA = 'a'.repeat(40)

/**
 * A real HTTP server in GitHub's place, for the answers a healthy GitHub does not give. Each kind of
 * request has a handler that a test may replace; every request is recorded.
 */
export async function startScriptedGitHub() {
  const requests: RecordedRequest[] = []
  const script: Script = {
    onDispatch: () => ({ status: 200, body: { workflow_run_id: 4294967296, run_url: '', html_url: '' } }),
    onRun: () => ({ status: 404, body: { message: 'Not Found' } }),
    onJobs: () => ({ status: 404, body: { message: 'Not Found' } }),
    onListRuns: () => ({ status: 200, body: { total_count: 0, workflow_runs: [] } }),
    onCancel: () => ({ status: 202, body: {} }),
    onRepository: () => ({ status: 200, body: {} }),
    onCommit: () => ({ status: 200, body: commit(SHA) }),
    onChecks: () => ({ status: 200, body: { total_count: 0, check_runs: [] } }),
    onStatuses: () => ({ status: 200, body: { state: 'pending', statuses: [] } }),
  }
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const recorded = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: text === '' ? null : JSON.parse(text),
    }
    requests.push(recorded)
    const answered = await handlerOf(script, recorded.path)(recorded)
    if (answered === 'hang up') return void request.socket.destroy()
    const body = answered.body === undefined ? '' : serialise(answered.body)
    response.writeHead(answered.status, { 'content-type': 'application/json', ...answered.headers }).end(body)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    apiUrl: `http://127.0.0.1:${port}/api/v3`,
    requests,
    script,
    cancels: () => requests.filter(({ path }) => path.endsWith('/cancel')),
    dispatches: () => requests.filter(({ path }) => path.endsWith('/dispatches')),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function handlerOf(script: Script, path: string): Handler {
  if (path.endsWith('/cancel')) return script.onCancel
  if (path.endsWith('/dispatches')) return script.onDispatch
  if (/\/commits\/[^/]+\/check-runs/.test(path)) return script.onChecks
  if (/\/commits\/[^/]+\/status/.test(path)) return script.onStatuses
  if (path.includes('/commits/')) return script.onCommit
  if (/\/repos\/[^/]+\/[^/]+$/.test(path)) return script.onRepository
  if (path.includes('/jobs')) return script.onJobs
  return /\/runs\/\d+$/.test(path) ? script.onRun : script.onListRuns
}

/** JSON as GitHub sends it: a BigInt is written out in full. */
const serialise = (body: unknown) =>
  JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? `#${value}#` : value)).replace(/"#(\d+)#"/g, '$1')

export const commit = (sha: string) => ({
  sha,
  html_url: `https://github.example.com/acme/platform/commit/${sha}`,
  commit: { message: 'Make search faster\n\nLonger text', author: { name: 'Ada', date: '2026-11-20T10:00:00Z' } },
  author: { login: 'ada' },
})

export const listedRun = (id: number | bigint, displayTitle: string) => ({
  id,
  display_title: displayTitle,
  html_url: `https://github.example.com/acme/platform/actions/runs/${id}`,
})
