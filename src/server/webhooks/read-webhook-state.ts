import 'server-only'
import {
  type HeardSubject,
  hearingState,
  isSilent,
  type WebhookState,
  type WebhookSubject,
} from '~/domain/github/webhook-hearing'
import type { Deps } from '~/server/deps'
import { listRepositories } from '~/server/surfaces/surfaces'
import { listHearings, NO_REPOSITORY } from '~/server/webhooks/webhook-hearings.sql'

/** For each repository that a surface names: the webhooks heard, and whether its webhooks are silent. */
export async function readWebhookState({
  db,
  config,
  now,
}: Pick<Deps, 'db' | 'config' | 'now'>): Promise<WebhookState> {
  const [repositories, hearings] = await Promise.all([listRepositories(db), listHearings(db)])
  const at = now()
  const newestOf = (name: string) => hearings.find((row) => row.repository === name && row.heardAt !== null) ?? null
  const subjectOf = (name: string, subject: WebhookSubject): HeardSubject => {
    const row = hearings.find((hearing) => hearing.repository === name && hearing.subject === subject)
    if (row === undefined) return { state: 'unheard', heardAt: null, untoldAt: null }
    const state = hearingState(row, at)
    const untoldAt = state === 'silent' ? (row.activeAt?.toISOString() ?? null) : null
    return { state, heardAt: row.heardAt?.toISOString() ?? null, untoldAt }
  }
  return {
    configured: config.githubWebhookSecrets.length > 0,
    url: `${config.consoleUrl}/api/github/webhooks`,
    appHeardAt: newestOf(NO_REPOSITORY)?.heardAt?.toISOString() ?? null,
    repositories: repositories.map((repository) => {
      const name = repository.toLowerCase()
      const last = newestOf(name)
      return {
        repository,
        runs: subjectOf(name, 'runs'),
        refs: subjectOf(name, 'refs'),
        last:
          last === null || last.event === null || last.heardAt === null
            ? null
            : { event: last.event, at: last.heardAt.toISOString() },
      }
    }),
  }
}

/** The repositories whose webhooks are silent. Without a webhook secret no webhooks are expected. */
export async function listSilentRepositories(deps: Pick<Deps, 'db' | 'config' | 'now'>): Promise<readonly string[]> {
  if (deps.config.githubWebhookSecrets.length === 0) return []
  const { repositories } = await readWebhookState(deps)
  return repositories.filter(isSilent).map(({ repository }) => repository)
}
