// @vitest-environment happy-dom
import { dehydrate, QueryClient } from '@tanstack/react-query'
import { getQueryKey } from '@trpc/react-query'
import { act, useState } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, it, vi } from 'vitest'
import { CameWithPage } from '~/ui/first-view/came-with-page'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { consoleNow, noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'
import { TrpcProvider } from '~/ui/trpc/provider'
import { renderPage } from './render-page'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
  noteServerTime(new Date().toISOString())
})

const facets = (people: readonly string[]) => ({ people, surfaces: [], environments: [] })

/** What a document brought: these facets of the list of deploys. */
function brought(people: readonly string[]) {
  const queries = new QueryClient()
  queries.setQueryData(getQueryKey(trpc.deploys.facets, undefined, 'query'), facets(people))
  return { state: dehydrate(queries), now: new Date().toISOString() }
}

const Facets = () => <p>{JSON.stringify(trpc.deploys.facets.useQuery().data)}</p>

it('a page that is shown again later asks, and does not show what came with the document', async () => {
  const answers = brought(['before'])
  const shown: unknown[] = []
  const Shown = () => {
    shown.push(trpc.deploys.facets.useQuery().data?.people)
    return null
  }
  await renderPage(
    <CameWithPage answers={answers}>
      <Shown />
    </CameWithPage>,
    { 'deploys.facets': facets(['now']) },
  )
  expect(shown).toContainEqual(['now'])
  expect(shown).not.toContainEqual(['before'])
})

it('what came with the document is shown without asking, and asked for when the page is opened again', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  const navigation = Object.assign(performance.mark('navigation'), {
    responseStart: Date.now() - performance.timeOrigin - 5_000,
  })
  vi.spyOn(performance, 'getEntriesByType').mockReturnValue([navigation])
  let asked = 0
  vi.stubGlobal('fetch', async () => {
    asked += 1
    return Response.json({ result: { data: facets(['now']) } })
  })
  const answers = brought(['before'])
  let show: (page: 'document' | 'other' | 'again') => void = () => undefined
  const Window = () => {
    const [page, setPage] = useState<'document' | 'other' | 'again'>('document')
    show = setPage
    if (page === 'other') return <p>another page</p>
    return (
      <CameWithPage key={page} answers={page === 'document' ? answers : null}>
        <Facets />
      </CameWithPage>
    )
  }
  const whole = (
    <TrpcProvider>
      <Window />
    </TrpcProvider>
  )
  const box = document.body.appendChild(document.createElement('div'))
  box.innerHTML = renderToString(whole)
  const settle = (work: () => void) =>
    act(async () => {
      work()
      await new Promise((resolve) => setTimeout(resolve, 20))
    })
  let root: ReturnType<typeof hydrateRoot> | undefined
  await settle(() => {
    root = hydrateRoot(box, whole)
  })
  expect([asked, box.textContent]).toEqual([0, JSON.stringify(facets(['before']))])
  await settle(() => show('other'))
  await settle(() => show('again'))
  await vi.waitFor(async () => {
    await settle(() => undefined)
    expect([asked, box.textContent]).toEqual([1, JSON.stringify(facets(['now']))])
  }, 10_000)
  await settle(() => root?.unmount())
  box.remove()
})

it('an answer that comes again unchanged, with its earlier time, does not turn the clock back', async () => {
  const began = new Date('2026-11-29T03:00:00Z')
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(began)
  let ask: () => void = () => undefined
  const Grid = () => {
    const utils = trpc.useUtils()
    ask = () => void utils.surfaces.list.invalidate()
    useSurfaces()
    return null
  }
  const answer = () => ({ surfaces: [], worker: null, silent: [], ended: [], now: began.toISOString() })
  const page = await renderPage(<Grid />, { 'surfaces.list': answer() })
  vi.setSystemTime(began.getTime() + 20_000)
  await page.settle(ask)
  await page.settle()
  expect(consoleNow() - Date.now()).toBe(0)
})
