/**
 * The subjects of webhooks: `runs` of workflows, `refs` that moved, and `other`. A hook may be subscribed to one subject and not to
 * another, so each is tracked separately.
 */
export type WebhookSubject = 'runs' | 'refs' | 'other'

export interface Hearing {
  /** When the last webhook about the subject arrived; null if none ever did. */
  readonly heardAt: Date | null
  /** The newest activity of the subject that GitHub listed when it was asked; null when none is known. */
  readonly activeAt: Date | null
}

/** `unheard`: no webhook ever arrived. `silent`: GitHub lists activity for which no webhook arrived. */
export type HearingState = 'unheard' | 'heard' | 'silent'

/** One subject of a repository, as admins see it. Times are ISO strings in UTC. */
export interface HeardSubject {
  readonly state: HearingState
  readonly heardAt: string | null
  /** If silent: the activity for which no webhook arrived. */
  readonly untoldAt: string | null
}

export interface WebhookState {
  /** Whether the console has a secret to verify webhooks with. */
  readonly configured: boolean
  /** Where GitHub has to send them. */
  readonly url: string
  /** When a ping without a repository arrived, as from a GitHub App. */
  readonly appHeardAt: string | null
  /** Every repository a surface names. */
  readonly repositories: readonly {
    readonly repository: string
    readonly runs: HeardSubject
    readonly refs: HeardSubject
    /** The newest webhook of all; null when none ever came. */
    readonly last: { readonly event: string; readonly at: string } | null
  }[]
}

/** Whether webhooks that used to arrive for the repository are missing. */
export const isSilent = ({ runs, refs }: WebhookState['repositories'][number]): boolean =>
  runs.state === 'silent' || refs.state === 'silent'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long a webhook may take. GitHub delivers within seconds, and in an incident within minutes. */
const LATE_MS = 5 * MINUTE_MS
/** A webhook is put on record at most this often, so that a storm of them is one write. */
export const HEARING_WRITTEN_MS = 30_000
/** The tolerance for the delayed record and for GitHub's clock. */
const TOLERANCE_MS = HEARING_WRITTEN_MS + 30_000

/** Whether webhooks arrive for a subject. A repository without activity sends no webhooks, so it does not count as silent. */
export function hearingState({ heardAt, activeAt }: Hearing, now: Date): HearingState {
  if (heardAt === null) return 'unheard'
  if (activeAt === null || activeAt.getTime() <= heardAt.getTime() + TOLERANCE_MS) return 'heard'
  return now.getTime() - activeAt.getTime() > LATE_MS ? 'silent' : 'heard'
}

/**
 * How long after a background look at a subject the next one is due: an hour while webhooks about the subject arrive,
 * otherwise `askingMs`. `null`: a console without a webhook secret, or for a repository no webhook was ever heard of.
 */
export function lookInterval(hearing: Hearing | null, now: Date, askingMs: number): number {
  return hearing !== null && hearingState(hearing, now) === 'heard' ? Math.max(HOUR_MS, askingMs) : askingMs
}
