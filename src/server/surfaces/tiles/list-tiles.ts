import 'server-only'
import type { Transition } from '~/domain/deploy/phases'
import { isTerminal } from '~/domain/deploy/status'
import { hasTurned } from '~/domain/deploy/watch'
import { inSentence } from '~/domain/foreign-text'
import { byStrength, type DeclaredFreeze, freezesAt, noticesAt, shownFreeze } from '~/domain/freeze/freeze'
import { lastHealthyWith, readHealthyVersions } from '~/domain/surface/healthy-versions'
import { HEALTH_STATES, type HealthState, type SurfaceTile } from '~/domain/surface/tile'
import { explainUnknownVersion } from '~/domain/surface/version'
import { type ApprovalRow, listWaitingApprovals } from '~/server/approvals/approvals'
import { readTransitions } from '~/server/audit/append-audit'
import { readAlarms } from '~/server/audit/audit.sql'
import { holdingRunId } from '~/server/deploys/admit/explain-busy-surface'
import { describeDeployRow } from '~/server/deploys/deploy-report'
import { modeOf, viewWatch } from '~/server/deploys/deploy-watch'
import { describeAlarms } from '~/server/deploys/event-texts'
import type { Deps } from '~/server/deps'
import { type FreezeRow, listCurrentFreezes, warnOfOrphanedFreezes } from '~/server/freezes/freezes'
import { declaredFreeze } from '~/server/freezes/freezes-in-force'
import { commitUrl, runUrl } from '~/server/github/web-urls'
import { isAlarmed, listWaiting, type QueuedRow } from '~/server/queue/queued-requests'
import { surfaceQueue } from '~/server/queue/queued-view'
import { knownVersion, listGridSurfaces, type SurfaceRow, versionSourceOf } from '~/server/surfaces/surfaces'
import { type RunningRow, readRunning } from '~/server/surfaces/surfaces.sql'

/** All tiles of the grid, or these. Always seven queries, and one more each if API tokens or promotions wait in a queue. */
export async function listTiles(
  deps: Pick<Deps, 'db' | 'config' | 'github' | 'now'>,
  ids?: readonly string[],
): Promise<SurfaceTile[]> {
  const now = deps.now()
  const [surfaces, freezes, approvals, queued] = await Promise.all([
    listGridSurfaces(deps.db, ids),
    listCurrentFreezes(deps.db, now),
    listWaitingApprovals(deps.db, now),
    listWaiting(deps.db, now, ids),
  ])
  const holding = freezes.filter(({ startsAt }) => startsAt <= now)
  const declared = holding.map((row) => declaredFreeze(row, now))
  const deployIds = surfaces.flatMap((surface) => (surface.lastDeploy === null ? [] : [surface.lastDeploy.id]))
  const surfaceIds = surfaces.map(({ id }) => id)
  const [transitions, alarms, running] = await Promise.all([
    readTransitions(deps.db, deployIds),
    readAlarms(deps.db, deployIds),
    readRunning(deps.db, surfaceIds),
  ])
  return surfaces.map((surface) =>
    tileOf(
      surface,
      {
        transitions,
        alarms,
        holding,
        declared,
        now,
        approvals,
        queued,
        running,
        movedTo: deps.github.moved.newNameOf(surface.repository),
      },
      deps.config.githubApiUrl,
    ),
  )
}

function tileOf(
  surface: SurfaceRow,
  facts: {
    readonly transitions: ReadonlyMap<string, readonly Transition[]>
    readonly alarms: Awaited<ReturnType<typeof readAlarms>>
    readonly holding: readonly FreezeRow[]
    readonly declared: readonly DeclaredFreeze[]
    readonly now: Date
    readonly approvals: readonly ApprovalRow[]
    readonly queued: readonly QueuedRow[]
    readonly running: ReadonlyMap<string, RunningRow>
    readonly movedTo: string | null
  },
  githubApiUrl: string,
): SurfaceTile {
  const { id, name, environment, repository, workflow, service, ref, url, confirm, lastDeploy } = surface
  const declared = facts.declared.filter((freeze) => freeze.surfaceId === id || freeze.environment === environment)
  const running = facts.running.get(id)
  const lastGood = running?.lastGood ?? null
  const watch = lastDeploy === null ? null : viewWatch(lastDeploy, facts.now)
  return {
    id,
    name,
    environment,
    repository,
    workflow,
    service,
    ref,
    paths: surface.paths,
    url,
    confirm,
    health: {
      state: healthState(surface.health),
      detail: surface.healthDetail,
      checkedAt: surface.healthCheckedAt?.toISOString() ?? null,
    },
    version:
      surface.runningSha === null || surface.runningSeenAt === null
        ? null
        : {
            sha: surface.runningSha,
            tag: versionSourceOf(surface)?.is === 'ref' ? surface.reportedVersion : null,
            url: commitUrl(githubApiUrl, repository, surface.runningSha),
            seenAt: surface.runningSeenAt.toISOString(),
            behindBy: surface.behindBy,
            aheadBy: surface.aheadBy,
            comparedAt: surface.behindCheckedAt?.toISOString() ?? null,
            shippedHere: running?.shippedHere === true,
          },
    unknownVersion: unknownVersionOf(surface),
    lastDeploy:
      lastDeploy === null
        ? null
        : {
            id: lastDeploy.id,
            status: lastDeploy.status,
            terminal: isTerminal(lastDeploy.status),
            ...describeDeployRow(lastDeploy, facts.transitions.get(lastDeploy.id) ?? []),
            failureStage: lastDeploy.failureStage,
            ref: lastDeploy.ref,
            sha: lastDeploy.sha,
            requestedBy: lastDeploy.requestedBy,
            requestedAt: lastDeploy.requestedAt.toISOString(),
            finishedAt: lastDeploy.finishedAt?.toISOString() ?? null,
          },
    lastGood:
      lastGood === null
        ? null
        : {
            ...lastGood,
            finishedAt: lastGood.finishedAt.toISOString(),
            healthyAt: lastHealthyWith(readHealthyVersions(surface.healthyVersions), lastGood.sha),
          },
    armed:
      surface.rollbackMode === null || surface.watchMinutes === null
        ? null
        : { mode: modeOf(surface.rollbackMode), minutes: surface.watchMinutes },
    watch,
    archived: surface.archivedAt !== null,
    alarm:
      turnedAlarm(surface, watch) ??
      (lastDeploy === null ? null : describeAlarms(facts.alarms.get(lastDeploy.id) ?? []).at(-1)) ??
      (surface.archivedAt === null
        ? (warnOfOrphanedFreezes(surface, facts.holding)[0] ?? movedAlarm(repository, facts.movedTo))
        : null),
    outsideRun: outsideRunOf(surface, githubApiUrl),
    held: heldBy(surface),
    requiresApproval: surface.requiresApproval,
    waiting: waitingOf(facts.approvals.find(({ surfaceId }) => surfaceId === id)),
    queue: surfaceQueue(
      facts.queued.filter(({ surfaceId }) => surfaceId === id),
      surface,
      {
        hasAlarm: lastDeploy !== null && isAlarmed(facts.alarms.get(lastDeploy.id)),
        now: facts.now,
      },
    ),
    freezes: byStrength(freezesAt(declared, facts.now).map(shownFreeze)),
    notice: noticesAt(declared, facts.now).map(shownFreeze)[0] ?? null,
    deployFreeze: deployFreezeOf(surface),
    deployFreezeUnknown: environment === 'production' && surface.deployFreezeReadAt === null,
  }
}

/** The surface turned unhealthy after its deploy, and was not seen healthy since. */
const turnedAlarm = ({ health }: SurfaceRow, watch: SurfaceTile['watch']): string | null =>
  watch !== null && hasTurned(watch.state) && health !== 'healthy' ? watch.sentences.join(' ') : null

function unknownVersionOf(surface: SurfaceRow): SurfaceTile['unknownVersion'] {
  const { name, sha, problem } = knownVersion(surface)
  if (name === null || sha !== null) return null
  return { name, why: explainUnknownVersion(name, problem ?? 'unresolved') }
}

/** GitHub redirects reads of a moved repository, but refuses a dispatch. */
const movedAlarm = (repository: string, movedTo: string | null): string | null =>
  movedTo === null
    ? null
    : `The repository ${inSentence(repository)} moved to ${inSentence(movedTo)}. GitHub refuses deploys under the old name; update surfaces.yaml.`

function deployFreezeOf({ environment, deployFreeze, deployFreezeReadAt }: SurfaceRow): SurfaceTile['deployFreeze'] {
  if (environment !== 'production' || deployFreeze === null || deployFreezeReadAt === null) return null
  return { reason: deployFreeze, readAt: deployFreezeReadAt.toISOString() }
}

/** The ended deploy whose run is not proven to be over. */
function heldBy({ deploys }: SurfaceRow): SurfaceTile['held'] {
  const [holding] = deploys
  if (holding === undefined) return null
  return { deployId: holding.id, runId: holdingRunId(holding) }
}

function waitingOf(approval: ApprovalRow | undefined): SurfaceTile['waiting'] {
  if (approval === undefined) return null
  const { id: approvalId, requestedBy, owner, sha, expiresAt } = approval
  return { approvalId, requestedBy, requestedByOwner: owner, sha, expiresAt: expiresAt.toISOString() }
}

/** An outside run is shown only if it is newer than the newest deploy. */
function outsideRunOf(surface: SurfaceRow, githubApiUrl: string): SurfaceTile['outsideRun'] {
  const { outsideRunId: id, outsideRunNumber: number, outsideRunAt: at, lastDeploy } = surface
  if (id === null || number === null || at === null) return null
  if (lastDeploy !== null && lastDeploy.requestedAt >= at) return null
  return {
    number,
    url: runUrl(githubApiUrl, surface.repository, id),
    by: surface.outsideRunActor ?? 'somebody',
    at: at.toISOString(),
    state: surface.outsideRunState === 'succeeded' ? 'succeeded' : 'running',
    environmentKnown: surface.outsideRunEnvironmentKnown === true,
  }
}

/** A state that this version does not know is shown as unknown. */
const healthState = (stored: string): HealthState => HEALTH_STATES.find((known) => known === stored) ?? 'unknown'
