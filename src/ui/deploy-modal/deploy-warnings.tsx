import { Sentence } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'

/** Alarms on the deploy itself. They stay when it has ended: what they name may still be running. */
export function DeployWarnings({ warnings }: { readonly warnings: readonly string[] }) {
  return warnings.map((warning) => (
    <Notice key={warning} tone="warn" role="status">
      <Sentence text={warning} />
    </Notice>
  ))
}
