import 'server-only'
import { z } from 'zod'
import type { WebhookSubject } from '~/domain/github/webhook-hearing'
import { runIdSchema } from '~/server/github/workflow-runs'
import { parseInput } from '~/server/platform/http/read-body'

// The shapes are those of https://docs.github.com/en/webhooks/webhook-events-and-payloads: of each only what says where to look.

/** Where an event tells to look. Null: nowhere; that it came is all. */
export type Look =
  | {
      readonly at: 'run'
      /** Null when the event does not name its run. */
      readonly runId: bigint | null
      /** The file below `.github/workflows`; null when the event does not name it. */
      readonly workflow: string | null
      /** Whether a run nobody here knows is worth a look at the repository's list. */
      readonly unknownToo: boolean
    }
  | { readonly at: 'ref'; readonly ref: string }
  | { readonly at: 'repository' }
  | null

export interface WebhookEvent {
  readonly name: string
  /** `owner/name` in lower case; under its former name too when it was renamed or transferred. */
  readonly repositories: readonly string[]
  /** What is heard by it. */
  readonly subjects: readonly WebhookSubject[]
  readonly look: Look
  /** Of a ping: the events to tick that the webhook does not send. */
  readonly missing?: readonly string[]
}

type Told = Omit<WebhookEvent, 'name'>

/** What a webhook of the console has ticked (docs/webhooks.md). */
const TICKED = ['workflow_run', 'workflow_job', 'push', 'deployment_review', 'deployment_status', 'repository']

const fullName = z
  .string()
  .regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/)
  .transform((name) => name.toLowerCase())
const repository = z.object({ full_name: fullName })
const run = z.object({ id: runIdSchema, path: z.string().nullish() })

/** `.github/workflows/deploy.yml`, and with `@ref` behind it for a workflow that another repository shares. */
const fileOf = (path: string | null | undefined): string | null =>
  /^\.github\/workflows\/([^/@]+)(?:@.*)?$/s.exec(path ?? '')?.[1] ?? null

const only = (looked: Look, subject: WebhookSubject, { full_name }: z.output<typeof repository>): Told => ({
  repositories: [full_name],
  subjects: [subject],
  look: looked,
})

const nothingToLookAt = z.object({ repository }).transform((told) => only(null, 'other', told.repository))

const deploymentEvent = z.object({ repository, workflow_run: run.nullish() }).transform((told): Told => {
  const looked = told.workflow_run
  if (looked === null || looked === undefined) return only(null, 'other', told.repository)
  const workflow = fileOf(looked.path)
  return only({ at: 'run', runId: looked.id, workflow, unknownToo: false }, 'other', told.repository)
})

const EVENTS: ReadonlyMap<string, z.ZodType<Told>> = new Map<string, z.ZodType<Told>>([
  [
    'workflow_run',
    z.object({ repository, workflow_run: run }).transform((told): Told => {
      const { id: runId, path } = told.workflow_run
      return only({ at: 'run', runId, workflow: fileOf(path), unknownToo: true }, 'runs', told.repository)
    }),
  ],
  [
    'workflow_job',
    z.object({ repository, workflow_job: z.object({ run_id: runIdSchema }) }).transform((told): Told => {
      const { run_id: runId } = told.workflow_job
      return only({ at: 'run', runId, workflow: null, unknownToo: false }, 'other', told.repository)
    }),
  ],
  ['deployment_review', deploymentEvent],
  ['deployment_status', deploymentEvent],
  [
    'push',
    z
      .object({ repository, ref: z.string() })
      .transform((told): Told => only({ at: 'ref', ref: told.ref }, 'refs', told.repository)),
  ],
  // Checks are read when somebody reviews a ref, and nowhere in the background.
  ['check_run', nothingToLookAt],
  ['check_suite', nothingToLookAt],
  ['status', nothingToLookAt],
  ['repository', repositoryEvent()],
  [
    'installation',
    z.object({ repositories: z.array(repository).nullish() }).transform((told): Told => whole(told.repositories ?? [])),
  ],
  [
    'installation_repositories',
    z
      .object({
        repositories_added: z.array(repository).nullish(),
        repositories_removed: z.array(repository).nullish(),
      })
      .transform((told): Told => whole([...(told.repositories_added ?? []), ...(told.repositories_removed ?? [])])),
  ],
  [
    'ping',
    z
      .object({ repository: repository.nullish(), hook: z.object({ events: z.array(z.string()) }) })
      .transform((told): Told => {
        const sends = (event: string) => told.hook.events.some((ticked) => ticked === event || ticked === '*')
        return {
          repositories: told.repository === null || told.repository === undefined ? [] : [told.repository.full_name],
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

const whole = (repositories: readonly z.output<typeof repository>[]): Told => ({
  repositories: repositories.map(({ full_name }) => full_name),
  subjects: ['other'],
  look: { at: 'repository' },
})

function repositoryEvent(): z.ZodType<Told> {
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
    .transform((told): Told => {
      const [owner, name] = told.repository.full_name.split('/')
      const { user, organization } = told.changes?.owner?.from ?? {}
      const formerOwner = organization?.login ?? user?.login ?? owner
      const former = `${formerOwner}/${told.changes?.repository?.name.from ?? name}`
      const names = [told.repository.full_name, former.toLowerCase()]
      return { repositories: [...new Set(names)], subjects: ['other'], look: { at: 'repository' } }
    })
}

/**
 * What an event tells; null for one the console has no use for. The event's name comes in a header that is not signed: an event under
 * another's name is refused, or tells to look where nothing is.
 *
 * @throws AppError `invalid_input` when the payload is not the event's
 */
export function readEvent(name: string, payload: unknown): WebhookEvent | null {
  const schema = EVENTS.get(name)
  return schema === undefined ? null : { name, ...parseInput(payload, schema, `The ${name} event`) }
}
