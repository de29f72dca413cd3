import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { ConnectionMark } from '~/ui/shell/main-nav'

it('the connection mark says only in its tooltip that the window polls, and which page explains it', () => {
  const html = renderToStaticMarkup(<ConnectionMark />)
  expect(html).toContain(
    'title="This window polls for changes every few seconds, because live updates do not reach it.',
  )
  expect(html).toContain('See “Behind a proxy” in docs/operations/configure.md.')
  expect(html.replaceAll(/<[^>]*>/g, '')).toBe('')
})
