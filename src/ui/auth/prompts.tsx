'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import type { ProviderView } from '~/domain/account'
import { holdsSomething } from '~/ui/auth/typed-input'
import { late } from '~/ui/primitives/late'
import { type Liftable, registerPrompt } from '~/ui/trpc/auth-link'

const ConfirmDialog = late(async () => (await import('~/ui/auth/confirm-identity')).ConfirmDialog)
const SignInDialog = late(async () => (await import('~/ui/auth/sign-in-dialog')).SignInDialog)

/**
 * Asks for a proof of identity once a request is refused because the last proof is too old. Afterwards the refused
 * request is sent again.
 */
export function ConfirmIdentity() {
  const { open, settle } = usePrompt('proof_stale')
  return <ConfirmDialog needed={open} open={open} settle={settle} />
}

interface SignInOverProps {
  /** The member whose page this is. */
  readonly email: string
  readonly providers: readonly ProviderView[]
}

/**
 * Asks to sign in over the open page once a request is refused because the session has ended. Afterwards the refused
 * request is sent again. A page without unsaved input goes to the sign-in page instead.
 */
export function SignInOver({ email, providers }: SignInOverProps) {
  const { open, settle } = usePrompt('signed_out', holdsSomething)
  return <SignInDialog needed={open} open={open} settle={settle} email={email} providers={providers} />
}

export interface Prompted {
  readonly open: boolean
  /** Settles every waiting request. */
  readonly settle: (lifted: boolean) => void
}

const always = () => true

/**
 * Whether a request waits for the member, and a function that settles every waiting request. If `mayAsk` returns false,
 * the refusal stands. The returned function is the same for as long as the page is open.
 */
function usePrompt(refusal: Liftable, mayAsk: () => boolean = always): Prompted {
  const waiting = useRef<((lifted: boolean) => void)[]>([])
  const [open, setOpen] = useState(false)

  useEffect(() => {
    const forget = registerPrompt(refusal, async () => {
      if (!mayAsk()) return false
      setOpen(true)
      return await new Promise((resolve) => waiting.current.push(resolve))
    })
    return () => {
      forget()
      for (const settle of waiting.current.splice(0)) settle(false)
    }
  }, [refusal, mayAsk])

  const settle = useCallback((lifted: boolean) => {
    setOpen(false)
    for (const told of waiting.current.splice(0)) told(lifted)
  }, [])
  return { open, settle }
}
