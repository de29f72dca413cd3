// @vitest-environment happy-dom
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Problems } from '~/ui/grid/running-strip'
import { TileGroup } from '~/ui/grid/tile-group'
import { tile } from './fixtures'

const nothing = () => undefined

it('an event that changes one tile renders no other tile again', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  let rendered: string[] = []
  const counted = (id: string): SurfaceTile =>
    Object.defineProperty(tile(id), 'name', {
      enumerable: true,
      get: () => {
        rendered.push(id)
        return id
      },
    })
  const root = createRoot(document.body.appendChild(document.createElement('div')))
  const show = (tiles: readonly SurfaceTile[]) =>
    act(async () =>
      root.render(
        <TileGroup
          view="tiles"
          collapsed={false}
          onCollapse={nothing}
          group={{ environment: 'production', tiles }}
          current="api"
          onCurrent={nothing}
          onDeploy={nothing}
          onOpen={nothing}
          onReturn={nothing}
        />,
      ),
    )
  const [api, web] = [counted('api'), counted('web')]
  await show([api, web])
  expect(new Set(rendered)).toEqual(new Set(['api', 'web']))
  rendered = []
  await show([api, counted('web')])
  expect(new Set(rendered)).toEqual(new Set(['web']))
  await act(async () => root.unmount())
})

it('the strip calls no surface free of problems that was not checked', () => {
  const checked = tile('api')
  const said = (tiles: readonly SurfaceTile[]) => renderToStaticMarkup(<Problems tiles={tiles} onShow={nothing} />)
  expect(said([checked])).toContain('No known problems')
  const web = { ...tile('web'), health: { ...checked.health, state: 'unknown' as const } }
  expect(said([checked, web])).toContain('>1 surface not checked<')
})

it('a row of the list shows a problem beside the way back that it calls for', () => {
  const lastGood = { sha: 'b'.repeat(40), deployId: 'good', finishedAt: '2026-11-01T12:00:00Z', healthyAt: null }
  const alarm = 'The surface runs another commit than the one that was reviewed.'
  const row = renderToStaticMarkup(
    <TileGroup
      view="list"
      collapsed={false}
      onCollapse={nothing}
      group={{ environment: 'production', tiles: [tile('api', { alarm, lastGood })] }}
      current="api"
      onCurrent={nothing}
      onDeploy={nothing}
      onOpen={nothing}
      onReturn={nothing}
    />,
  )
  expect(row).toContain(alarm)
  expect(row).toContain('bbbbbbb')
})
