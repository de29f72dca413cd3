import { expect, test } from 'vitest'
import { html } from '~/sandbox/html/html'

test('values in a page are escaped, and markup is not', () => {
  const evil = `<img src=x onerror="alert('1')">&`
  const { markup } = html`<p title="${evil}">${html`<b>${evil}</b>`}${[evil, 1]}${null}${undefined}${false}</p>`
  const safe = '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;'
  expect(markup).toBe(`<p title="${safe}"><b>${safe}</b>${safe}1</p>`)
})
