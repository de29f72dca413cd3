import type { DeployView } from '~/domain/deploy/view'

/** How far a request to cancel has come, and what happens next. */
export function cancelWords(deploy: Pick<DeployView, 'cancel' | 'runId'>) {
  if (deploy.cancel !== null && deploy.cancel.acknowledgedAt !== null) {
    return {
      state: 'cancelling',
      headline: 'GitHub is cancelling.',
      detail: 'The deploy ends when GitHub says that it has.',
    } as const
  }
  const detail =
    deploy.runId === null
      ? 'GitHub has named no run yet: it is cancelled as soon as it does. Ten minutes after it was requested you can give the deploy up.'
      : 'GitHub has not confirmed yet; it is asked again.'
  return { state: 'asked', headline: 'Cancel asked.', detail } as const
}
