import { Unlink, UserRoundCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { explainHold } from '~/domain/deploy/report'
import { statusWord } from '~/domain/deploy/status'
import type { DeploySummary } from '~/domain/deploy/view'
import { armedShort, armedWords, turnedShort } from '~/domain/deploy/watch'
import { inSentence, visible, visibleSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { listPaths } from '~/domain/surface/paths'
import type { SurfaceTile } from '~/domain/surface/tile'
import { FrozenBy, FrozenByVariable } from '~/ui/freezes/frozen-by'
import { MiniPhases } from '~/ui/grid/mini-phases'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'
import { isWrong } from '~/ui/status/health-badge'
import { OutcomeMark } from '~/ui/status/marks'
import { outcomeOf } from '~/ui/status/status-words'
import { isForeign } from '~/ui/surfaces/way-back'
import { exactUtc } from '~/ui/time/relative-time'
import { TimeAgo } from '~/ui/time/time-ago'

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint">{term}</dt>
      <dd className="flex min-w-0 items-center gap-x-1.5 text-ink-soft">{children}</dd>
    </>
  )
}

function distance(
  { behindBy, aheadBy, comparedAt }: NonNullable<SurfaceTile['version']>,
  { ref, paths }: SurfaceTile,
): ReactNode {
  if (behindBy === null) return null
  const only = paths.length === 0 ? '' : `, only commits in the history of ${listPaths(paths)}`
  const counted = comparedAt === null ? '' : `Counted ${exactUtc(comparedAt)}${only}`
  const words = [
    behindBy > 0 ? `${behindBy} behind` : [],
    aheadBy !== null && aheadBy > 0 ? `${aheadBy} ahead of` : [],
  ].flat()
  if (words.length === 0)
    return (
      <span className="truncate" title={counted === '' ? undefined : counted}>
        {aheadBy === null ? 'not behind' : 'up to date with'} <ForeignText text={ref} />
      </span>
    )
  return (
    <span
      className="truncate font-medium text-warn"
      title={`${words.join(', ')} ${inSentence(ref)}${counted === '' ? '' : `. ${counted}`}`}
    >
      {words.join(', ')} <ForeignText text={ref} />
    </span>
  )
}

const driftWords = ({ sha, seenAt }: NonNullable<SurfaceTile['version']>) =>
  `Runs ${shortSha(sha)}, which no deploy of this console shipped; seen ${exactUtc(seenAt)}`

function LastDeploy({ deploy }: { readonly deploy: DeploySummary }) {
  return (
    <>
      <OutcomeMark outcome={outcomeOf(deploy.status)} />
      <span className="shrink-0 text-ink">{statusWord(deploy.status)}</span>
      <span className="-ml-0.5 min-w-0 truncate" title={visible(deploy.requestedBy)}>
        · <ForeignText text={deploy.requestedBy} />
      </span>
      <span className="-ml-0.5 shrink-0">
        · <TimeAgo at={deploy.finishedAt ?? deploy.requestedAt} />
      </span>
    </>
  )
}

interface TileFactsProps {
  readonly tile: SurfaceTile
  /** The running deploy. Its phases replace the last outcome. */
  readonly running: DeploySummary | null
  readonly tab: 0 | -1
}

/**
 * The version that runs, the last or running deploy, and the most important problem. Space for three rows is reserved,
 * so that no row moves.
 */
export function TileFacts({ tile, running, tab }: TileFactsProps) {
  const third = thirdRow(tile, running)
  const now = nowOf(tile, running)
  return (
    <dl className="mt-1.5 grid flex-1 grid-cols-[3.25rem_minmax(0,1fr)] grid-rows-[repeat(3,1.25rem)] content-start gap-y-0.5 px-3.5 text-sm">
      <Fact term="Version">
        <VersionFact tile={tile} third={third} tab={tab} />
      </Fact>
      <Fact term={NOW_TERMS[now]}>
        <NowFact tile={tile} running={running} tab={tab} />
      </Fact>
      {third !== null && (
        <Fact term={thirdTerm(third, tile)}>
          <ThirdFact third={third} tile={tile} tab={tab} />
        </Fact>
      )}
    </dl>
  )
}

type Third = ReturnType<typeof thirdRow>

/** The version that runs, how far it is from the default ref, and when it was last seen. */
export function VersionFact({ tile, third, tab }: Pick<TileFactsProps, 'tile' | 'tab'> & { readonly third: Third }) {
  const { version, health } = tile
  if (version === null) return <UnknownVersion version={tile.unknownVersion} />
  return (
    <>
      <span className="relative">
        <Sha sha={version.sha} tag={version.tag} url={version.url} tabIndex={tab} seenAt={version.seenAt} />
      </span>
      {isForeign(tile) && third !== 'drift' && (
        <span className="shrink-0 text-warn" title={driftWords(version)}>
          <Unlink aria-hidden="true" className="size-3.5" />
          <span className="sr-only">{driftWords(version)}</span>
        </span>
      )}
      {distance(version, tile)}
      {health.checkedAt !== null && version.seenAt < health.checkedAt && (
        <span className="shrink-0 text-ink-faint">
          seen <TimeAgo at={version.seenAt} />
        </span>
      )}
    </>
  )
}

const NOW_TERMS = { running: 'Now', waits: 'Waits', outside: 'Outside', last: 'Last' } as const

function nowOf(tile: SurfaceTile, running: DeploySummary | null): keyof typeof NOW_TERMS {
  if (running !== null) return 'running'
  if (tile.waiting !== null) return 'waits'
  return tile.outsideRun === null ? 'last' : 'outside'
}

/** The running deploy, the waiting request, a later outside run, or the last deploy. */
export function NowFact({ tile, running, tab, short = false }: TileFactsProps & { readonly short?: boolean }) {
  const { waiting, outsideRun, lastDeploy } = tile
  if (running !== null) return <MiniPhases deploy={running} short={short} />
  if (waiting !== null)
    return (
      <>
        <UserRoundCheck aria-hidden="true" className="size-3.5 shrink-0" />
        <span
          className="truncate text-ink"
          title={`Waiting for approval by someone other than ${inSentence(waiting.requestedBy)}`}
        >
          for approval · expires <TimeAgo at={waiting.expiresAt} />
        </span>
      </>
    )
  if (outsideRun !== null) return <OutsideRun run={outsideRun} tab={tab} />
  return lastDeploy === null ? 'no deploy yet' : <LastDeploy deploy={lastDeploy} />
}

function thirdTerm(third: NonNullable<Third>, tile: SurfaceTile): string {
  if (third !== 'freeze') return THIRD_TERMS[third]
  return tile.deployFreeze === null && tile.freezes[0]?.kind === 'locked' ? 'Locked' : 'Frozen'
}

const THIRD_TERMS = {
  alarm: 'Alarm',
  held: 'Held',
  health: 'Health',
  outside: 'Outside',
  drift: 'Drift',
  armed: 'Armed',
} as const

/** The most important problem of the surface. */
export function ThirdFact({
  third,
  tile,
  tab,
}: Pick<TileFactsProps, 'tile' | 'tab'> & { readonly third: NonNullable<Third> }) {
  const { alarm, held, watch, health, version, outsideRun, deployFreeze } = tile
  const [freeze] = tile.freezes
  if (third === 'alarm' && alarm !== null && watch !== null && alarm === watch.sentences.join(' '))
    return (
      <span className="truncate font-medium text-bad" title={visible(alarm)}>
        <span aria-hidden="true">{turnedShort(watch, tile.lastDeploy?.finishedAt ?? null)}</span>
        <span className="sr-only">
          <Sentence text={alarm} />
        </span>
      </span>
    )
  if (third === 'alarm' && alarm !== null)
    return (
      <span className="truncate font-medium text-bad" title={visible(alarm)}>
        <Sentence text={alarm} />
      </span>
    )
  if (third === 'held' && held !== null)
    return (
      <span className="truncate text-warn" title={explainHold(tile.name, held.runId)}>
        {held.runId === null ? 'no run was seen; one may still start' : `run ${held.runId} may be active`}
      </span>
    )
  if (third === 'health' && health.detail !== null)
    return (
      <span className="truncate text-bad" title={visible(health.detail)}>
        <ForeignText text={health.detail} />
      </span>
    )
  if (third === 'drift' && version !== null)
    return (
      <span className="truncate font-medium text-warn" title={driftWords(version)}>
        no deploy here shipped <span className="font-mono">{shortSha(version.sha)}</span>
      </span>
    )
  if (third === 'outside' && outsideRun !== null) return <OutsideRun run={outsideRun} tab={tab} />
  if (third === 'freeze' && deployFreeze !== null)
    return <FrozenByVariable repository={tile.repository} freeze={deployFreeze} />
  if (third === 'armed') return <Armed tile={tile} />
  return third === 'freeze' && freeze !== undefined ? <FrozenBy freeze={freeze} /> : null
}

/** What the console does if the surface turns unhealthy: now, while it watches a deploy, or after the next one. */
function Armed({ tile: { armed, watch } }: { readonly tile: SurfaceTile }) {
  if (armed === null) return null
  const isWatching = watch?.state === 'watching' || watch?.state === 'disarmed'
  const words = isWatching ? (watch?.sentences[0] ?? '') : `Armed: ${armedWords(armed.mode, armed.minutes)} of a deploy`
  return (
    <span className="truncate" title={visible(words)}>
      <span aria-hidden="true">{armedShort(armed.mode, armed.minutes, watch)}</span>
      <span className="sr-only">
        <Sentence text={words} />
      </span>
    </span>
  )
}

/** A version whose commit is not known, or none. */
function UnknownVersion({ version }: { readonly version: SurfaceTile['unknownVersion'] }) {
  if (version === null) return 'not reported'
  return (
    <span className="truncate" title={visibleSentence(version.why)}>
      <ForeignText text={version.name} /> · commit unknown
    </span>
  )
}

interface OutsideRunProps {
  readonly run: NonNullable<SurfaceTile['outsideRun']>
  readonly tab: 0 | -1
}

/** Replaces the last deploy with a later run that was started outside the console. */
function OutsideRun({ run, tab }: OutsideRunProps) {
  const by = run.environmentKnown ? `by ${inSentence(run.by)}` : `surface unknown, by ${inSentence(run.by)}`
  return (
    <span
      className="flex min-w-0 items-center gap-x-1.5"
      title={`Outside the console: run #${run.number} ${by}, ${run.state}`}
    >
      <span className="sr-only">outside the console: </span>
      <OutcomeMark outcome={run.state} />
      <a
        href={run.url}
        target="_blank"
        rel="noreferrer"
        tabIndex={tab}
        className="relative shrink-0 text-ink underline decoration-control underline-offset-[3px] hover:decoration-current"
      >
        run #{run.number}
        <span className="sr-only"> {run.state}</span>
      </a>
      <span className="-ml-0.5 min-w-0 truncate">{by}</span>
      <span className="-ml-0.5 shrink-0">
        · <TimeAgo at={run.at} />
      </span>
    </span>
  )
}

/**
 * A tile always has three rows: the version, the deploy, and the most important of these. A tile that grew during a
 * deploy would move a button from under a pointer.
 */
export function thirdRow(
  tile: SurfaceTile,
  running: DeploySummary | null,
): 'alarm' | 'held' | 'health' | 'outside' | 'drift' | 'freeze' | 'armed' | null {
  if (tile.alarm !== null) return 'alarm'
  if (tile.held !== null) return 'held'
  if (isWrong(tile) && tile.health.detail !== null) return 'health'
  // The phases of a running deploy take the place of the outside run.
  if (running !== null && tile.outsideRun !== null) return 'outside'
  if (isForeign(tile)) return 'drift'
  if (tile.freezes.length > 0 || tile.deployFreeze !== null) return 'freeze'
  return tile.armed === null ? null : 'armed'
}
