import 'server-only'
import type { Deps } from '~/server/deps'
import { findOutsideRuns } from '~/server/surfaces/find-outside-runs'
import { probeDueSurfaces } from '~/server/worker/prober'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'
import { repeat } from '~/server/worker/repeat'

const PROBER_PAUSE_MS = 3_000
const RECONCILER_PAUSE_MS = 60_000
/** One of GitHub's 5,000 requests an hour per workflow and pass. */
const OUTSIDE_RUNS_PAUSE_MS = 60_000

/** Starts the schedules that live in the server process. */
export function startWorker(deps: Deps): void {
  repeat(deps.logger, { name: 'prober', pauseMs: PROBER_PAUSE_MS, pass: () => probeDueSurfaces(deps) })
  repeat(deps.logger, { name: 'reconciler', pauseMs: RECONCILER_PAUSE_MS, pass: () => reconcileSilentDeploys(deps) })
  repeat(deps.logger, { name: 'outside runs', pauseMs: OUTSIDE_RUNS_PAUSE_MS, pass: () => findOutsideRuns(deps) })
}
