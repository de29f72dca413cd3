import type { DeploySummary } from '~/domain/deploy/view'
import { type DeployWatch, hasTurned } from '~/domain/deploy/watch'
import { inSentence } from '~/domain/foreign-text'
import type { SurfaceTile } from '~/domain/surface/tile'
import { deployFreezeWords, frozenRepositories, windowOver } from '~/ui/freezes/freeze-words'
import { activePhase } from '~/ui/status/status-words'

/** The state of a deploy in one sentence. Changes only with the status, so that a live region announces it once. */
export function deployAnnouncement(deploy: DeploySummary, watch: DeployWatch | null = null): string {
  if (watch !== null && hasTurned(watch.state)) return watch.sentences.join(' ')
  if (deploy.terminal) return `${deploy.headline}.`
  const active = activePhase(deploy.phases)
  return active === null ? `${deploy.headline}.` : `${active.label} running.`
}

/** What changed on the grid between two polls, for screen readers. */
export function gridAnnouncement(before: readonly SurfaceTile[], after: readonly SurfaceTile[]): string {
  const sentences = after.flatMap((tile) => {
    const earlier = before.find((other) => other.id === tile.id)?.lastDeploy ?? null
    const latest = tile.lastDeploy
    const isSame = earlier?.id === latest?.id && earlier?.status === latest?.status
    const isSameWatch = before.find(({ id }) => id === tile.id)?.watch?.state === tile.watch?.state
    if (latest === null || (isSame && (isSameWatch || !hasTurned(tile.watch?.state ?? '')))) return []
    return [`${inSentence(tile.name)}, ${inSentence(tile.environment)}: ${deployAnnouncement(latest, tile.watch)}`]
  })
  return [...sentences, ...freezeSentence(before, after), ...deployFreezeSentences(before, after)].join(' ')
}

function deployFreezeSentences(before: readonly SurfaceTile[], after: readonly SurfaceTile[]): string[] {
  const earlier = frozenRepositories(before).map(({ repository }) => repository)
  return frozenRepositories(after)
    .filter(({ repository }) => !earlier.includes(repository))
    .map(({ repository, freeze }) => `${deployFreezeWords(repository, freeze)}.`)
}

function freezeSentence(before: readonly SurfaceTile[], after: readonly SurfaceTile[]): string[] {
  const earlier = windowOver('production', before)
  const now = windowOver('production', after)
  if (earlier?.id === now?.id) return []
  return [
    now === null
      ? 'Production is no longer frozen by this console.'
      : `Production is frozen: ${inSentence(now.reason)}.`,
  ]
}
