'use client'

import { keep, readKept, useKept } from '~/ui/preferences/kept'
import { isDialogOpen } from '~/ui/primitives/open-dialog'

const NAME = 'single keys'

export const turnSingleKeys = (on: boolean): void => keep(NAME, on ? 'on' : 'off')

/** Whether shortcuts of a single key work. A person who dictates, or presses keys by accident, turns them off (WCAG 2.1.4). */
export const useSingleKeys = (): boolean => useKept(NAME) !== 'off'

/** Whether this key press is a shortcut: no modifier, not in a field, and no dialog over the page. */
export function isShortcut(event: Pick<KeyboardEvent, 'key' | 'target' | 'altKey' | 'ctrlKey' | 'metaKey'>): boolean {
  // An arrow or Enter is none, and needs no search through a large page.
  if (event.key.length > 1) return false
  if (event.altKey || event.ctrlKey || event.metaKey || readKept(NAME) === 'off') return false
  if (event.target instanceof Element && event.target.closest(FIELDS) !== null) return false
  return !isDialogOpen()
}

const FIELDS = 'input, textarea, select, [contenteditable], [role="textbox"], [role="combobox"]'
