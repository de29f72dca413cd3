import type { DeployView } from '~/domain/deploy/view'
import { Sentence } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'

/** Alarms are red, as on the tile, and stay when the deploy has ended: what they name may still be running. */
export function DeployWarnings({ deploy }: { readonly deploy: Pick<DeployView, 'warnings' | 'alarms'> }) {
  return deploy.warnings.map((warning) => (
    <Notice key={warning} tone={deploy.alarms.includes(warning) ? 'bad' : 'warn'} role="status">
      <Sentence text={warning} />
    </Notice>
  ))
}
