'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import { type Liftable, registerPrompt } from '~/ui/trpc/auth-link'

const always = () => true

/**
 * Whether something waits for the person, and how to tell all that wait what became of it. `mayAsk` is asked first; without
 * it the refusal stands. It is one function for as long as the page lives.
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
