'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import { type Liftable, registerPrompt } from '~/ui/trpc/auth-link'

const always = () => true

/**
 * Whether a request waits for the member, and a function that settles every waiting request. If `mayAsk` returns false,
 * the refusal stands. The returned function is the same for as long as the page is open.
 */
export function usePrompt(refusal: Liftable, mayAsk: () => boolean = always) {
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
