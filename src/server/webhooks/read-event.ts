import 'server-only'
import { z } from 'zod'
import type { WebhookSubject } from '~/domain/github/webhook-hearing'
import { runIdSchema } from '~/server/github/workflow-runs'
import { parseInput } from '~/server/platform/http/read-body'

// The shapes follow https://docs.github.com/en/webhooks/webhook-events-and-payloads. Only the fields that say where to look are read.

/** Where an event says to look. Null: nowhere; only the arrival of the event is recorded. */
export type Look =
  | {
      readonly at: 'run'
      /** Null when the event does not name its run. */
      readonly runId: bigint | null
      /** The file in `.github/workflows`; null when the event does not name it. */
      readonly workflow: string | null
      /** Whether a run that belongs to no deploy also causes a look at the repository's list. */
      readonly includesUnknownRuns: boolean
    }
  | { readonly at: 'ref'; readonly ref: string }
  | { readonly at: 'repository' }
  | null

export interface WebhookEvent {
  readonly name: string
  /** `owner/name` in lower case. Contains the former name too when the repository was renamed or transferred. */
  readonly repositories: readonly string[]
  /** The subjects that count as heard. */
  readonly subjects: readonly WebhookSubject[]
  readonly look: Look
  /** For a ping: the events that the webhook should send and does not. */
  readonly missing?: readonly string[]
}

type EventFacts = Omit<WebhookEvent, 'name'>

/** The events that a webhook of the console should send (docs/webhooks.md). */
const TICKED = ['workflow_run', 'workflow_job', 'push', 'deployment_review', 'deployment_status', 'repository']

const fullName = z
  .string()
  .regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/)
  .transform((name) => name.toLowerCase())
const repository = z.object({ full_name: fullName })
const run = z.object({ id: runIdSchema, path: z.string().nullish() })

/** `.github/workflows/deploy.yml`, followed by `@ref` for a workflow that another repository shares. */
const fileOf = (path: string | null | undefined): string | null =>
  /^\.github\/workflows\/([^/@]+)(?:@.*)?$/s.exec(path ?? '')?.[1] ?? null

const oneRepository = (
  look: Look,
  subject: WebhookSubject,
  { full_name }: z.output<typeof repository>,
): EventFacts => ({
  repositories: [full_name],
  subjects: [subject],
  look,
})

const nothingToLookAt = z
  .object({ repository })
  .transform((payload) => oneRepository(null, 'other', payload.repository))

const deploymentEvent = z.object({ repository, workflow_run: run.nullish() }).transform((payload): EventFacts => {
  const workflowRun = payload.workflow_run
  if (workflowRun === null || workflowRun === undefined) return oneRepository(null, 'other', payload.repository)
  const workflow = fileOf(workflowRun.path)
  return oneRepository(
    { at: 'run', runId: workflowRun.id, workflow, includesUnknownRuns: false },
    'other',
    payload.repository,
  )
})

const EVENTS: ReadonlyMap<string, z.ZodType<EventFacts>> = new Map<string, z.ZodType<EventFacts>>([
  [
    'workflow_run',
    z.object({ repository, workflow_run: run }).transform((payload): EventFacts => {
      const { id: runId, path } = payload.workflow_run
      return oneRepository(
        { at: 'run', runId, workflow: fileOf(path), includesUnknownRuns: true },
        'runs',
        payload.repository,
      )
    }),
  ],
  [
    'workflow_job',
    z.object({ repository, workflow_job: z.object({ run_id: runIdSchema }) }).transform((payload): EventFacts => {
      const { run_id: runId } = payload.workflow_job
      return oneRepository(
        { at: 'run', runId, workflow: null, includesUnknownRuns: false },
        'other',
        payload.repository,
      )
    }),
  ],
  ['deployment_review', deploymentEvent],
  ['deployment_status', deploymentEvent],
  [
    'push',
    z
      .object({ repository, ref: z.string() })
      .transform((payload): EventFacts => oneRepository({ at: 'ref', ref: payload.ref }, 'refs', payload.repository)),
  ],
  // Checks are read only in a review, never in the background.
  ['check_run', nothingToLookAt],
  ['check_suite', nothingToLookAt],
  ['status', nothingToLookAt],
  ['repository', repositoryEvent()],
  [
    'installation',
    z
      .object({ repositories: z.array(repository).nullish() })
      .transform((payload): EventFacts => wholeRepositories(payload.repositories ?? [])),
  ],
  [
    'installation_repositories',
    z
      .object({
        repositories_added: z.array(repository).nullish(),
        repositories_removed: z.array(repository).nullish(),
      })
      .transform(
        (payload): EventFacts =>
          wholeRepositories([...(payload.repositories_added ?? []), ...(payload.repositories_removed ?? [])]),
      ),
  ],
  [
    'ping',
    z
      .object({ repository: repository.nullish(), hook: z.object({ events: z.array(z.string()) }) })
      .transform((payload): EventFacts => {
        const sends = (event: string) => payload.hook.events.some((ticked) => ticked === event || ticked === '*')
        return {
          repositories:
            payload.repository === null || payload.repository === undefined ? [] : [payload.repository.full_name],
          subjects: [
            'other',
            ...(sends('workflow_run') ? ['runs' as const] : []),
            ...(sends('push') ? ['refs' as const] : []),
          ],
          look: null,
          missing: TICKED.filter((event) => !sends(event)),
        }
      }),
  ],
])

const wholeRepositories = (repositories: readonly z.output<typeof repository>[]): EventFacts => ({
  repositories: repositories.map(({ full_name }) => full_name),
  subjects: ['other'],
  look: { at: 'repository' },
})

function repositoryEvent(): z.ZodType<EventFacts> {
  const account = z.object({ login: z.string() })
  const from = z.object({ user: account.nullish(), organization: account.nullish() })
  return z
    .object({
      repository,
      changes: z
        .object({
          repository: z.object({ name: z.object({ from: z.string() }) }).nullish(),
          owner: z.object({ from }).nullish(),
        })
        .nullish(),
    })
    .transform((payload): EventFacts => {
      const [owner, name] = payload.repository.full_name.split('/')
      const { user, organization } = payload.changes?.owner?.from ?? {}
      const formerOwner = organization?.login ?? user?.login ?? owner
      const former = `${formerOwner}/${payload.changes?.repository?.name.from ?? name}`
      const names = [payload.repository.full_name, former.toLowerCase()]
      return { repositories: [...new Set(names)], subjects: ['other'], look: { at: 'repository' } }
    })
}

/** The name, or `other` for one that the console does not use, so that a sender cannot invent values of a metric. */
export const knownEventName = (name: string): string => (EVENTS.has(name) ? name : 'other')

/**
 * Reads an event; null when the console does not use it. The name comes from an unsigned header, so a wrong name may only lead to a refusal
 * or to a look that finds nothing.
 *
 * @throws AppError `invalid_input` when the payload does not have the event's shape
 */
export function readEvent(name: string, payload: unknown): WebhookEvent | null {
  const schema = EVENTS.get(name)
  return schema === undefined ? null : { name, ...parseInput(payload, schema, `The ${name} event`) }
}
