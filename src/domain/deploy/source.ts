import type { DeploySource } from '~/domain/deploy/request'
import { inSentence } from '~/domain/foreign-text'

/** What a deploy does to the commits that run: GitHub's count, running...ref. Null while it is not known. */
type Change = { readonly adds: number; readonly removes: number } | null

/** The one place that decides what a deploy is called. Only what removes commits and adds none is a rollback. */
export const isRollback = (change: Change): boolean => change !== null && change.adds === 0 && change.removes > 0

export const deployVerb = (change: Change): 'Roll back' | 'Deploy' => (isRollback(change) ? 'Roll back' : 'Deploy')

/** For a link to an earlier deploy. Whether that would be a rollback is known once it is reviewed. */
export const RETURN_VERB = 'Return to'

/** Of a deploy on record: where its commit came from. The record does not say whether commits were added. */
export const EARLIER_DEPLOY = 'From an earlier deploy'

const commits = (count: number) => `${count} ${count === 1 ? 'commit' : 'commits'}`

export function changeSentence(change: Change): string {
  if (change === null) return 'No comparison with what runs now'
  const { adds, removes } = change
  if (adds === 0 && removes === 0) return 'The same commit runs now'
  if (removes === 0) return `Adds ${commits(adds)}`
  return adds === 0 ? `Takes back ${commits(removes)}` : `Adds ${commits(adds)}, takes back ${commits(removes)}`
}

/**
 * The source that is kept with a deploy. A commit of an earlier deploy that adds commits ships as that commit, so that no record
 * calls it a rollback; nor does any call it a promotion where it brings nothing that does not run.
 */
export function sourceToKeep(source: DeploySource | null, change: Change): DeploySource | null {
  if (source === null || change === null) return source
  const isCalledWrongly = source.kind === 'rollback' ? change.adds > 0 : isRollback(change)
  return isCalledWrongly ? null : source
}

/** Where the commit comes from, and what that makes of the deploy. */
export function explainSource(source: DeploySource, change: Change): string {
  if (source.kind === 'rollback') {
    if (change === null) return 'The commit of an earlier deploy. What that changes is not known.'
    if (change.adds > 0)
      return `The commit of an earlier deploy. This is not a rollback: it adds ${commits(change.adds)}.`
    return isRollback(change) ? 'A rollback to an earlier deploy.' : 'The commit of an earlier deploy.'
  }
  const from = inSentence(source.surfaceId)
  if (isRollback(change))
    return `The commit that ${from} runs now. This is not a promotion: it only takes commits back.`
  const removes = change === null || change.removes === 0 ? '' : ` It also takes back ${commits(change.removes)}.`
  return `Promoted from ${from}, which runs it now.${removes}`
}
