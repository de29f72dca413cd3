'use client'

import { useLayoutEffect, useRef } from 'react'

/** A step that replaces another takes the focus with it, or the keyboard would be left on nothing. */
export function useFocusOnArrival<T extends HTMLElement>() {
  const element = useRef<T>(null)
  useLayoutEffect(() => element.current?.focus(), [])
  return element
}
