import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { SilentWebhooks } from '~/ui/board/freeze-strip'

const words = (...repositories: readonly string[]) =>
  renderToStaticMarkup(<SilentWebhooks repositories={repositories} />)
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\p{Cf}/gu, '')

it('the grid names the repository whose webhooks are silent, what that costs and where to look, and is quiet otherwise', () => {
  expect(words('acme/platform')).toBe(
    'Webhooks of acme/platform are silent: GitHub lists activity that none told of. The console asks GitHub instead, so changes are seen later. Look at the recent deliveries of the webhook on GitHub; Health says what was heard.',
  )
  expect(words('acme/platform', 'acme/docs', 'acme/shop')).toContain('Webhooks of acme/platform and 2 more are silent')
  expect(words()).toBe('')
})
