import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import type { HealthState } from '~/domain/surface/tile'
import type { ReportedVersion } from '~/domain/surface/version'

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
  readonly status: 'succeeded' | 'failed'
  /** What the surface answered, without a subject: "is healthy, reports 2b67698". */
  readonly seen: string
}

/**
 * The end of a health check that the console makes itself; null while it goes on. One answer that is healthy and reports the expected
 * commit is a success. After the time limit, any other answer is a failure.
 */
export function judgeHealthCheck(
  { expected, until }: { readonly expected: string | null; readonly until: Date },
  answer: ProbeAnswer,
): HealthVerdict | null {
  const { health, detail, version, askedAt } = answer
  const seen = `${health === 'healthy' ? 'is healthy' : (detail ?? health)}, ${describeVersion(version)}`
  if (health === 'healthy' && expected !== null && version?.sha === expected) return { status: 'succeeded', seen }
  return askedAt >= until ? { status: 'failed', seen } : null
}

function describeVersion(version: ReportedVersion | null): string {
  if (version === null) return 'reports no version'
  if (version.name === null) return `reports ${shortSha(version.sha ?? 'nothing')}`
  const commit = version.sha === null ? 'commit unknown' : shortSha(version.sha)
  return version.sha?.startsWith(version.name) === true
    ? `reports ${commit}`
    : `reports ${inSentence(version.name)} (${commit})`
}

export const explainFailedHealthCheck = (expected: string | null, seconds: number, seen: string): string =>
  `The surface did not become healthy with ${expected === null ? 'the expected version' : shortSha(expected)} within ${seconds} s. When last asked, it ${seen}.`
