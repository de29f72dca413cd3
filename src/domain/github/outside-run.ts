import { isRerunAfterEnd } from '~/domain/deploy/run-record'

/** A run as GitHub lists it. */
export interface ListedRun {
  readonly id: bigint
  readonly number: number
  /** What `run-name` made of it; without one the workflow's name, or for a push the commit's first line. */
  readonly title: string
  /** First line of the head commit's message. */
  readonly commitTitle: string | null
  readonly event: string
  readonly status: string
  readonly conclusion: string | null
  readonly actor: string
  /** Of the latest attempt. */
  readonly startedAt: string
  /** 1, and one more each time it is run again. */
  readonly attempt: number
}

/** A run that the console started. */
export interface OwnRun {
  readonly surfaceId: string
  readonly finishedAt: Date | null
}

/** A deploy without the console, finished or in progress. */
export interface OutsideRun {
  readonly id: bigint
  readonly number: number
  readonly actor: string
  readonly startedAt: string
  readonly state: 'running' | 'succeeded'
  /** False: the run does not say that it ships to this surface. */
  readonly environmentKnown: boolean
}

const ANY_ID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi
const EVENTS: readonly string[] = ['workflow_dispatch', 'push']

interface Context {
  readonly environments: readonly string[]
  /** The runs of the console's own deploys, whatever their title. */
  readonly ours: ReadonlyMap<bigint, OwnRun>
  /** The ids in the titles of these runs that belong to deploys of this console. */
  readonly deployIds: ReadonlySet<string>
}

interface Place {
  readonly id: string
  readonly environment: string
  /** Another surface has the same workflow and environment, so the title of a run does not tell which of them it ships to. */
  readonly sharesWorkflow: boolean
}

/**
 * The newest run of a surface's workflow that the console did not start and that ships, or shipped, to the surface's
 * environment, or does not name one. A console run that is re-run after its deploy ended also counts, because that deploy stays
 * as it ended.
 */
export function newestOutsideRun(runs: readonly ListedRun[], surface: Place, context: Context): OutsideRun | null {
  const candidates = runs.flatMap((run): OutsideRun[] => {
    const state = stateOf(run)
    if (state === null || !EVENTS.includes(run.event)) return []
    const ships = shipsTo(run, surface, context)
    if (ships === 'elsewhere') return []
    const { id, number, actor, startedAt } = run
    return [{ id, number, actor, startedAt, state, environmentKnown: ships === 'here' }]
  })
  return candidates.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0] ?? null
}

function shipsTo(
  run: ListedRun,
  surface: Place,
  { environments, ours, deployIds }: Context,
): 'here' | 'elsewhere' | 'unknown' {
  const own = ours.get(run.id)
  if (own !== undefined)
    return own.surfaceId === surface.id && isRerunAfterEnd(run, own.finishedAt) ? 'here' : 'elsewhere'
  // A run of this console is shown on its own deploy. A run with an unknown deploy id belongs to another console and counts as an outside run.
  if (idsIn(run).some((id) => deployIds.has(id))) return 'elsewhere'
  const environment = environmentOf(run, environments)
  if (environment === null) return 'unknown'
  if (environment !== surface.environment) return 'elsewhere'
  return surface.sharesWorkflow ? 'unknown' : 'here'
}

const idsIn = ({ title, event }: ListedRun): string[] =>
  event === 'workflow_dispatch' ? [...new Set(title.toLowerCase().match(ANY_ID))] : []

/** The dispatched runs by the deploy id in their title, in GitHub's order. */
export function runsByDeploy(runs: readonly ListedRun[]): Map<string, bigint[]> {
  const byDeploy = new Map<string, bigint[]>()
  for (const run of runs) {
    for (const deployId of idsIn(run)) byDeploy.set(deployId, [...(byDeploy.get(deployId) ?? []), run.id])
  }
  return byDeploy
}

/** A run that failed or was cancelled does not count as a deploy. */
function stateOf({ status, conclusion }: ListedRun): OutsideRun['state'] | null {
  if (status !== 'completed') return 'running'
  return conclusion === 'success' ? 'succeeded' : null
}

/**
 * The convention of the deploy workflows: their `run-name` is "Deploy <what> to <environment>". Null when the title does not
 * follow it, names no environment that is declared, or is only the commit's title. The environment is never guessed.
 */
function environmentOf({ title, commitTitle }: ListedRun, environments: readonly string[]): string | null {
  if (title === commitTitle) return null
  const [, named] = /^Deploy .+ to (\S+)$/.exec(title) ?? []
  return environments.find((environment) => environment === named) ?? null
}
