import type { DeploySource } from '~/domain/deploy/request'
import { inSentence } from '~/domain/foreign-text'

/** The commits that a deploy adds and removes, by GitHub's comparison running...ref. Null if unknown. */
type Change = { readonly adds: number; readonly removes: number } | null

/** Only a deploy that removes commits and adds none is a rollback. */
export const isRollback = (change: Change): boolean => change !== null && change.adds === 0 && change.removes > 0

export const deployVerb = (change: Change): 'Roll back' | 'Deploy' => (isRollback(change) ? 'Roll back' : 'Deploy')

/** For a link to an earlier deploy. The review shows whether it is a rollback. */
export const RETURN_VERB = 'Return to'

/** Where the commit of a recorded deploy came from. The record does not say whether commits were added. */
export const EARLIER_DEPLOY = 'From an earlier deploy'

/** What a request that waits is for, if it is more than a ref. `sourceId`: of a promotion, the surface that it comes from. */
export function kindWords({
  kind,
  sourceId,
}: {
  readonly kind: string
  readonly sourceId: string | null
}): string | null {
  if (kind === 'rollback') return EARLIER_DEPLOY
  return kind === 'promotion' ? `Promotion from ${inSentence(sourceId ?? '')}` : null
}

const commits = (count: number) => `${count} ${count === 1 ? 'commit' : 'commits'}`

export function changeSentence(change: Change): string {
  if (change === null) return 'No comparison with what runs now'
  const { adds, removes } = change
  if (adds === 0 && removes === 0) return 'The same commit runs now'
  if (removes === 0) return `Adds ${commits(adds)}`
  return adds === 0 ? `Removes ${commits(removes)}` : `Adds ${commits(adds)}, removes ${commits(removes)}`
}

/**
 * The source that is recorded with a deploy. Nothing is recorded as a rollback unless it removes commits and adds none, or as a
 * promotion if it only removes some: the commit ships by itself.
 */
export function sourceToKeep(source: DeploySource | null, change: Change): DeploySource | null {
  if (source === null || change === null) return source
  const isCalledWrongly = source.kind === 'rollback' ? !isRollback(change) : isRollback(change)
  return isCalledWrongly ? null : source
}

/** Where the commit comes from, and what kind of deploy that is. */
export function explainSource(source: DeploySource, change: Change): string {
  if (source.kind === 'rollback') {
    if (change === null) return 'The commit of an earlier deploy. Its changes are not known.'
    if (change.adds > 0)
      return `The commit of an earlier deploy. This is not a rollback: it adds ${commits(change.adds)}.`
    return isRollback(change) ? 'A rollback to an earlier deploy.' : 'The commit of an earlier deploy.'
  }
  const from = inSentence(source.surfaceId)
  if (isRollback(change)) return `The commit that ${from} runs now. This is not a promotion: it only removes commits.`
  const removes = change === null || change.removes === 0 ? '' : ` It also removes ${commits(change.removes)}.`
  return `Promoted from ${from}, which runs it now.${removes}`
}
