import { z } from 'zod'
import { likelySpelling } from '~/domain/likely-spelling'
import { parseFullName, shortSha } from '~/domain/ref'

/** The inputs of a workflow, by name. A template may hold facts, such as `${sha}`. */
export type InputTemplates = Readonly<Record<string, string>>
/** The JSON that is stored. Null for a surface or approval: the default inputs; for a deploy: not recorded. */
export const storedInputs = z.record(z.string(), z.string()).nullable()

/** What the console knows about a deploy and can send to a workflow. */
const FACTS = {
  /** The full name of the chosen ref, or its commit. */
  ref: ({ ref }: DeployFacts) => ref,
  ref_name: ({ ref }: DeployFacts) => parseFullName(ref)?.name ?? ref,
  /** The reviewed commit. The ref may move in the meantime. */
  sha: ({ sha }: DeployFacts) => sha,
  short_sha: ({ sha }: DeployFacts) => shortSha(sha),
  environment: ({ environment }: DeployFacts) => environment,
  surface: ({ surfaceId }: DeployFacts) => surfaceId,
  deploy_id: ({ id }: DeployFacts) => id,
  requested_by: ({ requestedBy }: DeployFacts) => requestedBy,
  reason: ({ reason }: DeployFacts) => reason ?? '',
  /** Names the trace of the request, so that the run can continue it (W3C Trace Context). Empty if traces are off. */
  traceparent: ({ traceparent }: DeployFacts) => traceparent,
  /** Whether the notify steps shall report phases (FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS). */
  phase_callbacks: ({ phaseCallbacks }: DeployFacts) => String(phaseCallbacks),
} as const

type Fact = keyof typeof FACTS
export const FACT_NAMES = Object.keys(FACTS)

export interface DeployFacts {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly ref: string
  readonly sha: string
  readonly requestedBy: string
  readonly reason: string | null
  readonly traceparent: string
  readonly phaseCallbacks: boolean
}

/** Sent to a workflow whose surface declares no inputs, as far as the workflow file declares them. */
export const DEFAULT_INPUTS = {
  console_deploy_id: `\${deploy_id}`,
  environment: `\${environment}`,
  ref: `\${sha}`,
  phase_callbacks: `\${phase_callbacks}`,
} as const satisfies InputTemplates

const FACT = /\$\{([^}]*)\}/g
const isFact = (name: string): name is Fact => Object.hasOwn(FACTS, name)
const namesIn = (template: string): string[] => [...template.matchAll(FACT)].map(([, name = '']) => name)

/** Whether the value is known only with a deploy. */
export const holdsFact = (template: string): boolean => namesIn(template).length > 0

/** Null if each fact in the template is known; otherwise a sentence that names the first one that is not. */
export function unknownFact(template: string): string | null {
  const unknown = namesIn(template).find((name) => !isFact(name))
  if (unknown === undefined) return null
  const meant = likelySpelling(unknown, FACT_NAMES)
  const hint = meant === null ? `the facts are ${FACT_NAMES.join(', ')}` : `did you mean \${${meant}}?`
  return `\${${unknown}} is not a known fact; ${hint}`
}

const COMMIT_FACTS: readonly string[] = ['ref', 'ref_name', 'sha', 'short_sha'] satisfies Fact[]

/** Whether the workflow is told which commit to deploy. Otherwise it would deploy the branch that its file comes from. */
export const tellsCommit = (templates: InputTemplates): boolean =>
  Object.values(templates).some((template) => namesIn(template).some((name) => COMMIT_FACTS.includes(name)))

/** The inputs of one deploy. Text in a fact, such as a reason with `${sha}`, is sent as it is. */
export const fillInputs = (templates: InputTemplates, deploy: DeployFacts): Record<string, string> =>
  Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [
      name,
      template.replaceAll(FACT, (text, fact: string) => (isFact(fact) ? FACTS[fact](deploy) : text)),
    ]),
  )
