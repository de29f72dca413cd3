import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import type { HealthState } from '~/domain/surface/tile'
import type { ReportedVersion, VersionProblem } from '~/domain/surface/version'

/** How long the console asks a surface for its new version, where surfaces.yaml does not say. */
export const PROBE_SECONDS = 120

/** One answer of a surface. */
export interface ProbeAnswer {
  readonly health: HealthState
  /** Why it is not healthy. */
  readonly detail: string | null
  /** Null if the answer reported none. */
  readonly version: ReportedVersion | null
  /** When the surface was asked. */
  readonly askedAt: Date
}

export interface HealthVerdict {
  /** `timed_out`: neither success nor failure is proven. */
  readonly status: 'succeeded' | 'failed' | 'timed_out'
  /** What the surface answered, without a subject: "is healthy, reports 2b67698". */
  readonly seen: string
}

/**
 * The end of a health check that the console makes itself; null while it goes on. One answer that is healthy and reports the expected
 * commit is a success. After the time limit, an answer that is not healthy or reports another commit is a failure. A healthy surface
 * whose commit is not known may run the expected one.
 */
export function judgeHealthCheck(
  { expected, until }: { readonly expected: string | null; readonly until: Date },
  answer: ProbeAnswer,
): HealthVerdict | null {
  const { health, detail, version, askedAt } = answer
  const seen = `${health === 'healthy' ? 'is healthy' : (detail ?? health)}, ${describeVersion(version)}`
  if (health === 'healthy' && expected !== null && version?.sha === expected) return { status: 'succeeded', seen }
  if (askedAt < until) return null
  const isUnknown = health === 'healthy' && (version === null || version.sha === null)
  return { status: isUnknown ? 'timed_out' : 'failed', seen }
}

function describeVersion(version: ReportedVersion | null): string {
  if (version === null) return 'reports no version'
  if (version.name === null) return `reports ${shortSha(version.sha ?? 'nothing')}`
  const commit = version.sha === null ? WHY_UNKNOWN[version.problem ?? 'unresolved'] : shortSha(version.sha)
  return version.sha?.startsWith(version.name) === true
    ? `reports ${commit}`
    : `reports ${inSentence(version.name)} (${commit})`
}

const WHY_UNKNOWN: Readonly<Record<VersionProblem, string>> = {
  unresolved: 'GitHub has not told its commit',
  not_commit: 'not a commit',
  not_found: 'not known to GitHub',
  moved: 'a tag that was moved',
}

/** Why a health check did not succeed, with the last answer. */
export function explainHealthVerdict(
  { status, seen }: HealthVerdict,
  expected: string | null,
  seconds: number,
): string {
  const version = expected === null ? 'the expected version' : shortSha(expected)
  const verdict =
    status === 'timed_out'
      ? `The surface is healthy, but after ${seconds} s it is not known whether it runs ${version}.`
      : `The surface did not become healthy with ${version} within ${seconds} s.`
  return `${verdict} When last asked, it ${seen}.`
}
