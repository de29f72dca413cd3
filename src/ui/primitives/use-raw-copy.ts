'use client'

import { useEffect } from 'react'

/** What is copied of foreign text is what was written, not its stand-ins; of a part of one, what is seen. */
export function useRawCopy(): void {
  useEffect(() => {
    document.addEventListener('copy', copyRaw)
    return () => document.removeEventListener('copy', copyRaw)
  }, [])
}

function copyRaw(event: ClipboardEvent): void {
  const selection = document.getSelection()
  const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
  if (selection === null || inField || event.clipboardData === null) return
  const foreign = [...document.querySelectorAll<HTMLElement>('[data-raw]')]
    .filter((element) => selection.containsNode(element, true))
    .map((element) => ({ shown: element.innerText, raw: element.dataset['raw'] ?? '' }))
  if (foreign.length === 0) return
  event.clipboardData.setData('text/plain', withRaw(selection.toString(), foreign))
  event.preventDefault()
}

/** The text with each shown part in turn replaced by what was written; a part that is not whole stays as it is shown. */
export function withRaw(text: string, foreign: readonly { readonly shown: string; readonly raw: string }[]): string {
  let copied = ''
  let rest = text
  for (const { shown, raw } of foreign) {
    const at = rest.indexOf(shown)
    if (shown === '' || at < 0) continue
    copied += rest.slice(0, at) + raw
    rest = rest.slice(at + shown.length)
  }
  return copied + rest
}
