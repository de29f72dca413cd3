'use client'

import { useEffect } from 'react'
import { ACTIVITY_STEP_MS } from '~/domain/account'
import { isDialogOpen } from '~/ui/primitives/open-dialog'
import { trpc } from '~/ui/trpc/client'

/** Fields that the member typed into since the page was loaded. */
const typedInto = new Set<HTMLInputElement | HTMLTextAreaElement>()

/** Whether leaving the page would lose something: an open dialog or typed text. */
export function holdsSomething(): boolean {
  for (const field of typedInto) if (!field.isConnected) typedInto.delete(field)
  if ([...typedInto].some(({ value }) => value !== '')) return true
  return isDialogOpen()
}

/** Typing keeps the session from going idle. Reported at most once a minute. */
export function useTypingAsActivity(): void {
  const { mutate } = trpc.account.noteActivity.useMutation()
  useEffect(() => {
    let saidAt = 0
    const onInput = ({ target }: Event) => {
      if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return
      typedInto.add(target)
      if (Date.now() - saidAt < ACTIVITY_STEP_MS) return
      saidAt = Date.now()
      mutate()
    }
    document.addEventListener('input', onInput)
    return () => document.removeEventListener('input', onInput)
  }, [mutate])
}
