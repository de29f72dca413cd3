import { Notice } from '~/ui/primitives/notice'
import { LostSentence } from '~/ui/status/lost-sentence'

/** A poll failed: say so, say how old the picture is, and that nothing else follows from it. */
export function ConnectionNotice({ error, updatedAt }: { readonly error: unknown; readonly updatedAt: number }) {
  return (
    <Notice tone="warn" role="status">
      <LostSentence error={error} updatedAt={updatedAt} />
    </Notice>
  )
}
