import type { DeployView } from '~/domain/deploy'
import { Sentence } from '~/ui/primitives/foreign-text'

/** How it ended: in the workflow's own words, and in those of the account. */
export function Consequence({ deploy }: { readonly deploy: DeployView }) {
  const { terminal, status, failureDetail, sentences } = deploy
  if (!terminal) return null
  return (
    <div className="mb-3 flex flex-col gap-1 text-sm text-ink-soft empty:hidden">
      {failureDetail !== null && status !== 'succeeded' && (
        <p className="overflow-y-auto break-words text-ink sm:max-h-20">
          <Sentence text={failureDetail} />
        </p>
      )}
      {sentences.map((sentence) => (
        <p key={sentence}>
          <Sentence text={sentence} />
        </p>
      ))}
    </div>
  )
}
