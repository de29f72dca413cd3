import { setTimeout as pause } from 'node:timers/promises'
import { startScriptedGitHub } from '~test/support/scripted-github'

/** GitHub's response time in this benchmark. */
const ANSWER_MS = 50

/** Every run is in progress and has no job yet. */
const RUN = {
  status: 'in_progress',
  conclusion: null,
  run_attempt: 1,
  created_at: '2026-11-21T10:00:00Z',
  updated_at: '2026-11-21T10:00:00Z',
}

/** A scripted GitHub that accepts every dispatch after 50 ms. It is also the health endpoint of all surfaces, without delay. */
export async function startSlowGitHub() {
  let runId = 5_000_000_000
  /** The times of the requests about each run. */
  const aboutRuns = new Map<string, number[]>()
  const { origin, script, close } = await startScriptedGitHub()
  script.onElsewhere = () => ({ status: 200, body: { status: 'ok' } })
  script.onRun = () => ({ status: 200, body: RUN })
  script.onJobs = () => ({ status: 200, body: { total_count: 0, jobs: [] } })
  script.onDispatch = () => {
    runId += 1
    return { status: 200, body: { workflow_run_id: runId } }
  }
  script.around = async (request, answer) => {
    if (!request.path.startsWith('/api/v3/')) return answer(request)
    const [, about] = /\/actions\/runs\/(\d+)/.exec(request.path) ?? []
    if (about !== undefined) aboutRuns.set(about, [...(aboutRuns.get(about) ?? []), performance.now()])
    await pause(ANSWER_MS)
    return answer(request)
  }
  return {
    origin,
    requestsAbout: (run: string) => aboutRuns.get(run)?.length ?? 0,
    /** The time of the first request about a run; waits for it. */
    firstRequestAbout: async (run: string, waitMs: number): Promise<number> => {
      const end = performance.now() + waitMs
      for (;;) {
        const [first] = aboutRuns.get(run) ?? []
        if (first !== undefined) return first
        if (performance.now() > end) throw new Error(`GitHub was not asked about run ${run} within ${waitMs} ms.`)
        await pause(5)
      }
    },
    stop: close,
  }
}
