import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { SilentWebhooks } from '~/ui/grid/freeze-strip'

const textOf = (...repositories: readonly string[]) =>
  renderToStaticMarkup(<SilentWebhooks repositories={repositories} />)
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\p{Cf}/gu, '')

it('the grid names the repository whose webhooks are silent and where to look, and shows nothing otherwise', () => {
  expect(textOf('acme/platform')).toBe(
    'Webhooks of acme/platform are silent: GitHub lists activity that no webhook reported. The console polls GitHub instead, so changes appear later. Check the webhook’s recent deliveries on GitHub; Health shows what was received.',
  )
  expect(textOf('acme/platform', 'acme/docs', 'acme/shop')).toContain('Webhooks of acme/platform and 2 more are silent')
  expect(textOf()).toBe('')
})
