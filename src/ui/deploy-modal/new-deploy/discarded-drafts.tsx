'use client'

import { useEffect, useState } from 'react'
import { type DiscardedDraft, discardDraftsOfOthers } from '~/ui/deploy-modal/new-deploy/kept-draft'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { useMember } from '~/ui/shell/member'

/** If another member signs in in this window, discards the previous member's drafts and says so. */
export function DiscardedDrafts({ onDiscarded }: { readonly onDiscarded: () => void }) {
  const email = useMember()?.email ?? ''
  const [discarded, setDiscarded] = useState<readonly DiscardedDraft[]>([])
  useEffect(() => {
    const found = discardDraftsOfOthers(email)
    if (found.length === 0) return
    setDiscarded(found)
    onDiscarded()
  }, [email, onDiscarded])
  if (discarded.length === 0) return null
  return (
    <div className="fixed inset-x-4 bottom-4 z-10 mx-auto max-w-xl">
      <Notice tone="warn" role="status" action={<Button onClick={() => setDiscarded([])}>OK</Button>}>
        Signed in as <ForeignText text={email} />.{' '}
        {discarded.map(({ surfaceId, email: whose }) => (
          <span key={`${surfaceId} ${whose}`}>
            The draft for <ForeignText text={surfaceId} /> by <ForeignText text={whose} /> was discarded.{' '}
          </span>
        ))}
      </Notice>
    </div>
  )
}
