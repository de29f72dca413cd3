import { NO_QUEUE } from '~/domain/deploy/queue'
import { describeDeploy } from '~/domain/deploy/report'
import { isTerminal } from '~/domain/deploy/status'
import type { DeploySummary } from '~/domain/deploy/view'
import { quietEvent } from '~/domain/surface/live'
import type { SurfaceTile } from '~/domain/surface/tile'

/** A deploy that went through `statuses` one second apart, with the phases the domain derives from them. */
export function deployThrough(statuses: readonly string[], failureStage: string | null = null): DeploySummary {
  const at = (index: number) => new Date(Date.UTC(2026, 10, 21, 3, 0, index)).toISOString()
  const transitions = statuses.map((status, index) => ({
    status,
    at: at(index),
    action: 'console.deploy.callback',
    implied: false,
  }))
  const status = statuses.at(-1) ?? 'requested'
  const report = describeDeploy({
    status,
    failureStage,
    transitions,
    record: null,
    requestedAt: at(0),
    sha: 'a'.repeat(40),
    reportedSha: null,
    runId: null,
    lateRun: null,
    holdsSurface: false,
    released: false,
    absent: [],
  })
  const terminal = isTerminal(status)
  return {
    id: '0193a0c0-0000-7000-8000-000000000001',
    status,
    terminal,
    ...report,
    failureStage,
    ref: 'main',
    sha: 'a'.repeat(40),
    requestedBy: 'operator',
    requestedAt: at(0),
    finishedAt: terminal ? at(statuses.length - 1) : null,
  }
}

export function tile(id: string, overrides: Partial<SurfaceTile> = {}): SurfaceTile {
  return {
    id,
    name: id,
    environment: 'production',
    repository: 'acme/platform',
    workflow: 'deploy-console.yml',
    service: null,
    ref: 'main',
    paths: [],
    url: 'https://example.com',
    confirm: id,
    health: { state: 'healthy', detail: null, checkedAt: null },
    version: null,
    unknownVersion: null,
    lastDeploy: null,
    lastGood: null,
    armed: null,
    watch: null,
    archived: false,
    alarm: null,
    outsideRun: null,
    held: null,
    requiresApproval: false,
    waiting: null,
    queue: NO_QUEUE,
    freezes: [],
    notice: null,
    deployFreeze: null,
    deployFreezeUnknown: false,
    ...overrides,
  }
}

/** What a review rests on. */
export const BASIS = { declaration: 'd'.repeat(64), workflowRef: 'main', workflowFile: null }

/** What GitHub says of a commit without checks. */
export const NO_CHECKS = { checks: [], counts: { red: 0, pending: 0, other: 0, green: 0 }, complete: true }

/** A live event that reports no change. */
export const QUIET = quietEvent('2026-11-28T12:00:00.000Z')
