// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { RecurringForm } from '~/ui/freezes/recurring-form'
import { trpc } from '~/ui/trpc/client'
import { renderPage } from './render-page'

const form = <RecurringForm tiles={[]} environments={['production']} onChanged={() => undefined} />

it('the server leaves the names of time zones to the browser, which knows others', async () => {
  const rendered = renderToString(
    <trpc.Provider client={trpc.createClient({ links: [] })} queryClient={new QueryClient()}>
      <QueryClientProvider client={new QueryClient()}>{form}</QueryClientProvider>
    </trpc.Provider>,
  )
  expect(rendered).toContain('id="time-zones"')
  expect(rendered).not.toContain('Europe/Berlin')
  await renderPage(form)
  expect(document.querySelector('#time-zones option[value="Europe/Berlin"]')).not.toBeNull()
})
