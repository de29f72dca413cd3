import { createHash } from 'node:crypto'
import { startScriptedGitHub } from '~test/support/scripted-github'

/** The requests made about a quiet repository, by the last part of the address. */
const KINDS: readonly (readonly [kind: string, path: RegExp, body: (path: string) => unknown])[] = [
  ['runs', /\/actions\/(workflows\/[^/]+\/)?runs\?/, listOfRuns],
  ['ref', /\/git\/ref\/heads/, () => ({ ref: 'refs/heads/main', object: { type: 'commit', sha: 'a'.repeat(40) } })],
  ['compare', /\/compare\//, () => ({ status: 'ahead', ahead_by: 3, behind_by: 0, html_url: '', commits: [] })],
  ['variable', /\/actions\/variables\//, () => ({ name: 'DEPLOY_FREEZE', value: 'false' })],
]

/** Numbers of requests, by kind. */
export interface Asked {
  readonly requests: Record<string, number>
  /** How many of them were answered 304. */
  readonly unchanged: Record<string, number>
}

/** A scripted GitHub in whose repositories nothing happens. It counts requests, and each of its ETags is valid for one token. */
export async function startRestingGitHub() {
  let asked: Asked = { requests: {}, unchanged: {} }
  let tokens = 0
  const { apiUrl, script, close } = await startScriptedGitHub()
  script.onAccessToken = () => {
    tokens += 1
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    return { status: 201, body: { token: `ghs_${tokens}`, expires_at, permissions: {}, repository_selection: 'all' } }
  }
  script.around = (request, answer) => {
    const { path, headers } = request
    if (path.endsWith('/access_tokens')) return answer(request)
    const [kind, , bodyOf] = KINDS.find(([, pattern]) => pattern.test(path)) ?? ['other', null, () => null]
    asked.requests[kind] = (asked.requests[kind] ?? 0) + 1
    const body = bodyOf(path)
    if (body === null) return { status: 404, body: {} }
    const text = JSON.stringify(body)
    const etag = `W/"${createHash('sha256')
      .update(headers.authorization ?? '')
      .update(path)
      .update(text)
      .digest('hex')}"`
    if (headers['if-none-match'] !== etag) return { status: 200, text, headers: { etag } }
    asked.unchanged[kind] = (asked.unchanged[kind] ?? 0) + 1
    return { status: 304, headers: { etag } }
  }
  return {
    apiUrl,
    /** Returns the counts since the last call. */
    take: (): Asked => {
      const taken = asked
      asked = { requests: {}, unchanged: {} }
      return taken
    },
    close,
  }
}

/** Two pages of runs, most of them of checks. */
function listOfRuns(path: string): unknown {
  const page = Number(new URL(path, 'http://github').searchParams.get('page') ?? '1')
  const length = Number(new URL(path, 'http://github').searchParams.get('per_page') ?? '30')
  const ids = Array.from({ length: 80 }, (_, n) => 80 - n).slice((page - 1) * length, page * length)
  return {
    total_count: 80,
    workflow_runs: ids.map((id) => ({
      id,
      run_number: id,
      display_title: id % 4 === 0 ? 'Deploy docs to production' : 'Checks',
      path: `.github/workflows/${id % 4 === 0 || path.includes('/workflows/') ? 'deploy.yml' : 'checks.yml'}`,
      event: 'push',
      status: 'completed',
      conclusion: 'success',
      created_at: '2026-11-20T10:00:00Z',
    })),
  }
}

export const sumOf = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((sum, n) => sum + n, 0)
