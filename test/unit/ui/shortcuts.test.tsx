// @vitest-environment happy-dom
import { afterEach, expect, it } from 'vitest'
import { isShortcut } from '~/ui/preferences/single-keys'
import { isDialogOpen } from '~/ui/primitives/open-dialog'

afterEach(() => {
  document.body.innerHTML = ''
})

const pressed = () => isShortcut(new KeyboardEvent('keydown', { key: '?' }))

it('a key works right after Escape: a dialog that is closing is still in the document, and not in its way', () => {
  for (const role of ['dialog', 'alertdialog']) {
    document.body.innerHTML = `<div role="${role}" data-open></div>`
    expect([isDialogOpen(), pressed()]).toEqual([true, false])
    document.body.innerHTML = `<div role="${role}" data-closed></div>`
    expect([isDialogOpen(), pressed()]).toEqual([false, true])
  }
  document.body.innerHTML = ''
  expect([isDialogOpen(), pressed()]).toEqual([false, true])
})
