import type { DeploySummary } from '~/domain/deploy/view'
import { inSentence } from '~/domain/foreign-text'
import { outcomeOf, positionWord } from '~/ui/status/status-words'

const PRODUCT = 'Deploy Console'

export type TabIcon = 'idle' | 'running' | 'succeeded' | 'stopped'

export interface TabFace {
  readonly title: string
  readonly icon: TabIcon
}

interface NamedDeploy {
  readonly surface: string
  readonly deploy: DeploySummary
}

/** What the browser tab says: the deploy that is open in the modal, else what is running on the grid. */
export function tabFace(open: NamedDeploy | null, running: readonly NamedDeploy[]): TabFace {
  if (open?.deploy.terminal === true) {
    const succeeded = outcomeOf(open.deploy.status) === 'succeeded'
    const title = `${succeeded ? '✓' : '✕'} ${inSentence(open.surface)}: ${open.deploy.headline} — ${PRODUCT}`
    return { title, icon: succeeded ? 'succeeded' : 'stopped' }
  }
  const [first, ...others] = open === null ? running : [open]
  if (first === undefined) return { title: PRODUCT, icon: 'idle' }
  if (others.length > 0) return { title: `● ${running.length} deploys running — ${PRODUCT}`, icon: 'running' }
  return { title: `● ${inSentence(first.surface)}: ${positionWord(first.deploy)} — ${PRODUCT}`, icon: 'running' }
}
