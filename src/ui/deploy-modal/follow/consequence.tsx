import type { DeployView } from '~/domain/deploy/view'
import { Sentence } from '~/ui/primitives/foreign-text'

/** How it ended: in the workflow's own words, and in those of the account. Its hold is said beside the button that ends it. */
export function Consequence({ deploy }: { readonly deploy: DeployView }) {
  const { terminal, status, failureDetail, sentences, hold } = deploy
  if (!terminal) return null
  return (
    <div className="mb-3 flex flex-col gap-1 text-sm text-ink-soft empty:hidden">
      {failureDetail !== null && status !== 'succeeded' && (
        <p className="overflow-y-auto break-words text-ink sm:max-h-20">
          <Sentence text={failureDetail} />
        </p>
      )}
      {sentences
        .filter((sentence) => sentence !== hold)
        .map((sentence) => (
          <p key={sentence}>
            <Sentence text={sentence} />
          </p>
        ))}
    </div>
  )
}
