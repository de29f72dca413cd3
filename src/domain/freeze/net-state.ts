import { inSentence } from '~/domain/foreign-text'
import {
  type Asker,
  decideFreeze,
  deployFreezeRefusal,
  noticeSentence,
  passSentence,
} from '~/domain/freeze/decide-freeze'
import { type DeclaredFreeze, type DeployFreeze, freezesAt, noticesAt } from '~/domain/freeze/freeze'

/** What is known of DEPLOY_FREEZE in the surface's repository. `unknown`: never read, or not readable. */
export type KnownDeployFreeze = DeployFreeze | 'none' | 'unknown'

/** Whether a person may deploy a surface at a time, as far as freezes, locks and DEPLOY_FREEZE say. */
export interface NetState {
  readonly answer: 'yes' | 'no' | 'unknown'
  readonly at: string
  /** What refuses, or may refuse, a sentence each. */
  readonly reasons: readonly string[]
  /** What does not refuse and is worth knowing, a sentence each. */
  readonly notes: readonly string[]
  /** When the answer of the declared freezes changes. Null: not within the time that was looked at. */
  readonly until: string | null
}

/** A time this close is the present, for which the last reading of DEPLOY_FREEZE counts. */
const PRESENT_MS = 5 * 60_000
const CHANGES_AT_MOST = 300

interface Question {
  readonly surface: { readonly name: string; readonly environment: string; readonly repository: string }
  /** Those of the surface and its environment, with their occurrences around `at`. */
  readonly declared: readonly DeclaredFreeze[]
  readonly deployFreeze: KnownDeployFreeze
  readonly at: Date
  readonly now: Date
  readonly asker: Asker | null
}

export function netState({ surface, declared, deployFreeze, at, now, asker }: Question): NetState {
  const decideAt = (time: Date) => decideFreeze({ surface, freezes: freezesAt(declared, time), override: null, asker })
  const { refusals, passed } = decideAt(at)
  const isRefused = refusals.length > 0
  const change = changesAfter(declared, at).find((time) => decideAt(time).refusals.length > 0 !== isRefused)
  const variable = explainVariable(surface, deployFreeze, {
    isPresent: Math.abs(at.getTime() - now.getTime()) <= PRESENT_MS,
  })
  const isNo = isRefused || variable?.answer === 'no'
  return {
    answer: isNo ? 'no' : (variable?.answer ?? 'yes'),
    at: at.toISOString(),
    reasons: [...refusals.map(({ message }) => message), ...(variable === null ? [] : [variable.sentence])],
    notes: [
      ...passed.map((pass) => passSentence(surface, pass)),
      ...noticesAt(declared, at).map((notice) => noticeSentence(surface, notice)),
      ...(refusals.length > 0 && refusals.every(({ freeze }) => freeze.rollbacksPass === true)
        ? ['A rollback passes.']
        : []),
      ...(at > now && !isNo ? ['A freeze or lock that somebody sets before then also counts.'] : []),
    ],
    until: change?.toISOString() ?? null,
  }
}

/** The times after `at` at which a declared freeze begins or ends, the first ones. */
function changesAfter(declared: readonly DeclaredFreeze[], at: Date): Date[] {
  const times = declared.flatMap(({ startsAt, endsAt, occurrences }) => [
    startsAt.getTime(),
    endsAt?.getTime() ?? Number.NaN,
    // Where no more occurrences are known, nothing is known.
    ...(occurrences?.spans ?? [])
      .flatMap(({ start, end }) => [start, end])
      .filter((time) => time < (occurrences?.knownTo ?? 0)),
  ])
  const after = [...new Set(times)].filter((time) => time > at.getTime()).toSorted((a, b) => a - b)
  return after.slice(0, CHANGES_AT_MOST).map((time) => new Date(time))
}

/** What DEPLOY_FREEZE says about a time. It stops production alone, and what it will be is never known. */
function explainVariable(
  { environment, repository }: Question['surface'],
  freeze: KnownDeployFreeze,
  { isPresent }: { readonly isPresent: boolean },
): { readonly answer: 'no' | 'unknown'; readonly sentence: string } | null {
  if (environment !== 'production' || freeze === 'none') return null
  const origin = `DEPLOY_FREEZE in ${inSentence(repository)}`
  if (freeze === 'unknown') {
    return {
      answer: 'unknown',
      sentence: `${origin} is not known. The workflow checks the variable before it deploys.`,
    }
  }
  if (isPresent) return { answer: 'no', sentence: deployFreezeRefusal(repository, freeze).message }
  return {
    answer: 'unknown',
    sentence: `${origin} freezes production now: “${inSentence(freeze.reason)}”. Whether the variable is cleared by then is not known.`,
  }
}
