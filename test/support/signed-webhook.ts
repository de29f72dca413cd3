import { Webhooks } from '@octokit/webhooks'
import { WEBHOOK_SECRET } from '~test/support/console'

export interface WebhookOptions {
  readonly secret?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The request that GitHub sends for an event of a repository, signed by GitHub's own library. */
export async function signedWebhook(
  event: string,
  payload: object | string,
  { secret = WEBHOOK_SECRET, headers = {} }: WebhookOptions = {},
): Promise<Request> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return new Request('http://localhost:3000/api/github/webhooks', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': crypto.randomUUID(),
      'x-hub-signature-256': await new Webhooks({ secret }).sign(body),
      ...headers,
    },
    body,
  })
}

const repository = { full_name: 'acme/platform' }

/** Events about a repository, each with what the console reads from it. */
export const webhookEvents = {
  run: (id: number, workflow = 'deploy-console.yml', conclusion: string | null = null) => ({
    action: conclusion === null ? 'in_progress' : 'completed',
    repository,
    workflow_run: { id, path: `.github/workflows/${workflow}`, conclusion },
  }),
  job: (runId: number) => ({ action: 'completed', repository, workflow_job: { id: 1, run_id: runId } }),
  push: (ref = 'refs/heads/main') => ({ ref, after: 'b'.repeat(40), repository }),
  of: (name: string) => ({ action: 'created', repository: { full_name: name } }),
}
