import type { DeployView } from '~/domain/deploy'
import { Sentence } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'

interface ConsequenceProps {
  readonly deploy: DeployView
  /** What the surface itself has said it runs since then; null while it has not. */
  readonly reported: string | null
}

/** How it ended: in the workflow's own words, in those of the account, and what the surface says. */
export function Consequence({ deploy, reported }: ConsequenceProps) {
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
      {reported !== null && status !== 'succeeded' && (
        <p>
          The surface reports <Sha sha={reported} />.
        </p>
      )}
    </div>
  )
}
