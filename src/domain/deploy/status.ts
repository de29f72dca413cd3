/** The four steps an operator sees, in order (docs/contract.md, "Phases"). A workflow may leave out a gate. */
export const PHASES = [
  { key: 'smoke_gate', label: 'Smoke gate', isGate: true },
  { key: 'freeze_check', label: 'Freeze check', isGate: true },
  { key: 'deploy', label: 'Deploy', isGate: false },
  { key: 'health_check', label: 'Health check', isGate: false },
] as const
export type PhaseKey = (typeof PHASES)[number]['key']

/** How a deploy stops without success. Every status that is not final may become one of these. */
export const STOPPED_STATUSES = ['failed', 'timed_out', 'cancelled'] as const
export type StoppedStatus = (typeof STOPPED_STATUSES)[number]

interface StatusRecord {
  /** What the screen says. */
  readonly word: string
  /** The statuses that may follow. None: the deploy has ended. */
  readonly next: readonly string[]
  /** Who sets it: a workflow, by a callback, or the console alone. */
  readonly setBy: 'console' | 'workflow'
  /** The phase that starts with this status, and the phase that ends with it. */
  readonly opens?: PhaseKey
  readonly closes?: PhaseKey
  /** The workflow step that reports it. If GitHub's record shows that the step ran, the status is proven without its callback. */
  readonly notifyStep?: string
}

/**
 * Everything that is true of each status, in the order of a deploy (docs/contract.md, "Status"). All other lists of statuses derive from
 * this table; tests compare the database, the workflows and the contract with it. docs/adding-a-status.md shows how to extend it.
 */
export const STATUSES = {
  requested: { word: 'Requested', next: ['dispatched', ...STOPPED_STATUSES], setBy: 'console' },
  dispatched: {
    word: 'Dispatched',
    next: ['smoke_gate_started', 'freeze_check_started', 'building', ...STOPPED_STATUSES],
    setBy: 'console',
  },
  smoke_gate_started: {
    word: 'Smoke gate running',
    next: ['smoke_gate_passed', ...STOPPED_STATUSES],
    setBy: 'workflow',
    opens: 'smoke_gate',
    notifyStep: 'Notify — smoke gate started',
  },
  smoke_gate_passed: {
    word: 'Smoke gate passed',
    next: ['freeze_check_started', 'building', ...STOPPED_STATUSES],
    setBy: 'workflow',
    closes: 'smoke_gate',
    notifyStep: 'Notify — smoke gate passed',
  },
  freeze_check_started: {
    word: 'Freeze check running',
    next: ['freeze_check_passed', ...STOPPED_STATUSES],
    setBy: 'workflow',
    opens: 'freeze_check',
    notifyStep: 'Notify — freeze check started',
  },
  freeze_check_passed: {
    word: 'Freeze check passed',
    next: ['building', ...STOPPED_STATUSES],
    setBy: 'workflow',
    closes: 'freeze_check',
    notifyStep: 'Notify — freeze check passed',
  },
  building: {
    word: 'Deploying',
    next: ['deploying', ...STOPPED_STATUSES],
    setBy: 'workflow',
    opens: 'deploy',
    notifyStep: 'Notify — building',
  },
  deploying: {
    word: 'Health check running',
    next: ['succeeded', ...STOPPED_STATUSES],
    setBy: 'workflow',
    closes: 'deploy',
    opens: 'health_check',
    notifyStep: 'Notify — deploying',
  },
  succeeded: { word: 'Succeeded', next: [], setBy: 'workflow', closes: 'health_check' },
  failed: { word: 'Failed', next: [], setBy: 'workflow' },
  timed_out: { word: 'Timed out', next: [], setBy: 'console' },
  cancelled: { word: 'Cancelled', next: [], setBy: 'console' },
} as const satisfies Record<string, StatusRecord>

export type DeployStatus = keyof typeof STATUSES
/** Statuses a workflow may send. */
export type CallbackStatus = {
  [Status in DeployStatus]: (typeof STATUSES)[Status]['setBy'] extends 'workflow' ? Status : never
}[DeployStatus]

/** The same table with wider types. `next` may contain only statuses of this table. */
const RECORDS: Readonly<Record<DeployStatus, StatusRecord & { readonly next: readonly DeployStatus[] }>> = STATUSES

/** False for a status that a newer version wrote: it is shown as stored, and nothing is concluded from it. */
export const isKnownStatus = (status: string): status is DeployStatus => Object.hasOwn(STATUSES, status)

export const isCallbackStatus = (status: string): status is CallbackStatus =>
  isKnownStatus(status) && STATUSES[status].setBy === 'workflow'

/** An unknown status counts as unfinished: the deploy keeps its surface. */
export const isTerminal = (status: string): boolean => isKnownStatus(status) && STATUSES[status].next.length === 0

export const isStopped = (status: string): status is StoppedStatus => STOPPED_STATUSES.some((one) => one === status)

export const DEPLOY_STATUSES: readonly DeployStatus[] = Object.keys(STATUSES).filter(isKnownStatus)
export const CALLBACK_STATUSES: readonly CallbackStatus[] = DEPLOY_STATUSES.filter(isCallbackStatus)
export const TERMINAL_STATUSES: readonly DeployStatus[] = DEPLOY_STATUSES.filter(isTerminal)
export const UNFINISHED_STATUSES: readonly DeployStatus[] = DEPLOY_STATUSES.filter((status) => !isTerminal(status))

/** The status on screen. An unknown one is shown as stored. */
export const statusWord = (status: string): string => (isKnownStatus(status) ? STATUSES[status].word : status)

/** What `from` may become; nothing for an unknown status. */
export const allowedFrom = (from: string): readonly DeployStatus[] => (isKnownStatus(from) ? RECORDS[from].next : [])

export const canTransition = (from: string, to: DeployStatus): boolean => allowedFrom(from).includes(to)

/** The statuses that may become `to`: the `where` of the compare-and-set. */
export const sourcesOf = (to: DeployStatus): readonly DeployStatus[] =>
  DEPLOY_STATUSES.filter((from) => canTransition(from, to))

/** Whether no run of the deploy is known yet: the console has asked, and no workflow has reported. */
export const awaitsRun = (status: string): boolean =>
  isKnownStatus(status) && !isTerminal(status) && STATUSES[status].setBy === 'console'

export type RunningOrSucceeded = Exclude<DeployStatus, StoppedStatus>
export type Position = Readonly<Record<PhaseKey, 'pending' | 'active' | 'done'>>

export const hasPosition = (status: string): status is RunningOrSucceeded => isKnownStatus(status) && !isStopped(status)

/** How far the phases are at a status: those before the last one that was opened or closed are done. */
export function positionAt(status: RunningOrSucceeded): Position {
  const reached = DEPLOY_STATUSES.slice(0, DEPLOY_STATUSES.indexOf(status) + 1).map((one) => RECORDS[one])
  const opened = PHASES.findLastIndex(({ key }) => reached.some(({ opens }) => opens === key))
  const closed = PHASES.findLastIndex(({ key }) => reached.some(({ closes }) => closes === key))
  const at = (key: PhaseKey) => {
    const index = PHASES.findIndex((phase) => phase.key === key)
    if (index <= closed || index < opened) return 'done'
    return index === opened ? 'active' : 'pending'
  }
  return {
    smoke_gate: at('smoke_gate'),
    freeze_check: at('freeze_check'),
    deploy: at('deploy'),
    health_check: at('health_check'),
  }
}

/** The deploy phase is done, and the health check goes on. */
export const HEALTH_CHECK_STATUS = 'deploying' satisfies DeployStatus

/** The status that opens a phase, and the one that closes it. */
export const openingOf = (phase: PhaseKey) => DEPLOY_STATUSES.find((status) => RECORDS[status].opens === phase)
export const closingOf = (phase: PhaseKey) => DEPLOY_STATUSES.find((status) => RECORDS[status].closes === phase)

/** Nothing has been shipped yet, so the surface does not change because of the deploy. */
export const STATUSES_BEFORE_SHIPPING: readonly DeployStatus[] = DEPLOY_STATUSES.filter(
  (status) => hasPosition(status) && positionAt(status).deploy === 'pending',
)

/** Reporting it proves that the deploy phase ran to its end. */
export const provesShipped = (status: string): boolean => hasPosition(status) && positionAt(status).deploy === 'done'

/** The status that each notify step reports, by the step's name. */
export const STATUS_OF_STEP: ReadonlyMap<string, CallbackStatus> = new Map(
  CALLBACK_STATUSES.flatMap((status) => {
    const { notifyStep } = RECORDS[status]
    return notifyStep === undefined ? [] : [[notifyStep, status]]
  }),
)

/** The statuses that a successful run must have passed: the end of every phase, and the start of every phase that is not a gate. */
export const STATUSES_BEFORE_SUCCESS: readonly CallbackStatus[] = CALLBACK_STATUSES.filter((status) => {
  const { opens, closes } = RECORDS[status]
  return !isTerminal(status) && PHASES.some(({ key, isGate }) => closes === key || (opens === key && !isGate))
})

const STAGES = {
  dispatch_failed: { word: 'Dispatch', phase: null },
  smoke_gate_failed: { word: 'Smoke gate', phase: 'smoke_gate' },
  freeze_check_failed: { word: 'Freeze check', phase: 'freeze_check' },
  build_failed: { word: 'Deploy, while building', phase: 'deploy' },
  deploy_failed: { word: 'Deploy', phase: 'deploy' },
  health_check_failed: { word: 'Health check', phase: 'health_check' },
} as const satisfies Record<string, { readonly word: string; readonly phase: PhaseKey | null }>

/** Where a deploy failed, as its workflow or the console says. */
export type FailureStage = keyof typeof STAGES

const isKnownStage = (stage: string): stage is FailureStage => Object.hasOwn(STAGES, stage)

export const FAILURE_STAGES: readonly FailureStage[] = Object.keys(STAGES).filter(isKnownStage)

/** The stage on screen; null for an unknown one. */
export const stageWord = (stage: string): string | null => (isKnownStage(stage) ? STAGES[stage].word : null)

/** The phase in which the stage lies; null for the dispatch and for an unknown stage. */
export const phaseOfStage = (stage: string): PhaseKey | null => (isKnownStage(stage) ? STAGES[stage].phase : null)

/** Whether the deploy phase ran to its end. `no` needs proof as much as `yes` does; everything else is `unknown`. */
export const SHIPPED = ['yes', 'no', 'unknown'] as const
export type Shipped = (typeof SHIPPED)[number]
