'use client'

import { keepPreviousData } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { trpc } from '~/ui/trpc/client'

const TYPING_PAUSE_MS = 250

/** Refs of a surface's repository; what is typed also goes to the server, which knows more than the first list. */
export function useRefs(surfaceId: string, typed: string) {
  const [query, setQuery] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQuery(typed.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return trpc.surfaces.refs.useQuery(query === '' ? { surfaceId } : { surfaceId, query }, {
    placeholderData: keepPreviousData,
  })
}
