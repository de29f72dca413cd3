'use client'

import type { KeyboardEvent } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { isShortcut } from '~/ui/preferences/single-keys'
import { useRefusal } from '~/ui/shell/member'
import { isSurfaceFree, wayBack } from '~/ui/surfaces/way-back'

export interface TileActions {
  /** Opens a new deploy of this surface. */
  readonly onDeploy: (surfaceId: string) => void
  /** Opens an existing deploy, running or ended. */
  readonly onOpen: (deployId: string) => void
  /** Opens the review of an earlier version. */
  readonly onReturn: (surfaceId: string, back: NonNullable<SurfaceTile['lastGood']>) => void
}

export interface TileProps extends TileActions {
  readonly tile: SurfaceTile
  /** The one surface whose controls Tab reaches; the arrows move it. */
  readonly current: boolean
  /** Whether the surface is on the screen or soon will be, and so shows its details. */
  readonly isNear: boolean
  readonly onCurrent: (surfaceId: string) => void
}

/** What the controls and the keys of a surface do, as a tile and as a row. */
export function useTileActions({ tile, onDeploy, onOpen, onReturn }: TileProps) {
  const running = tile.lastDeploy !== null && !tile.lastDeploy.terminal ? tile.lastDeploy : null
  const notAllowed = useRefusal('deploy.dispatch', tile.environment)
  const refusal = tile.archived ? 'No longer declared in surfaces.yaml' : notAllowed
  const refused = running === null && refusal !== null
  const deploy = () => {
    if (running !== null) onOpen(running.id)
    else if (!refused) onDeploy(tile.id)
  }
  const open = () => (tile.lastDeploy === null ? onDeploy(tile.id) : onOpen(tile.lastDeploy.id))
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (!isShortcut(event.nativeEvent)) return
    if (event.key === 'd') deploy()
    else if (event.key === 'r' && tile.lastGood !== null && isSurfaceFree(tile) && notAllowed === null)
      onReturn(tile.id, tile.lastGood)
    else if (event.key === 'l') event.currentTarget.querySelector<HTMLElement>('[data-lock]')?.click()
    else return
    event.preventDefault()
  }
  const back = notAllowed === null ? wayBack(tile) : null
  return { running, refusal: refused ? refusal : null, back, deploy, open, onKeyDown }
}
