'use client'

import { useSearchParams } from 'next/navigation'
import { useCallback, useLayoutEffect, useMemo, useRef } from 'react'
import type { DeploySource } from '~/domain/deploy/request'

/** What the modal shows, read from the address: one deploy, one approval, one queued request, or a new deploy. */
export type Target =
  | { readonly kind: 'deploy'; readonly deployId: string }
  | { readonly kind: 'approval'; readonly approvalId: string }
  | { readonly kind: 'queued'; readonly queuedId: string }
  | {
      readonly kind: 'new'
      readonly surfaceId: string
      readonly ref: string | null
      /** If set, `ref` is a commit: of the deploy to roll back to, or of the surface to promote from. */
      readonly source?: DeploySource
      /** The deploy whose inputs are filled in again. */
      readonly like?: string
    }

/** The start of the name under which a draft is kept. */
export const DRAFT_PREFIX = 'deploy-draft '

const NAMES = ['deploy', 'approval', 'queued', 'surface', 'ref', 'rollback', 'promote', 'like'] as const

/** `?deploy=<id>` wins over `?approval=<id>`, `?queued=<id>` and `?surface=<id>[&ref=<ref>][&like=<deploy>]`; null means the modal is closed. */
export function readTarget(params: { get(name: string): string | null }): Target | null {
  const deployId = params.get('deploy')
  if (deployId) return { kind: 'deploy', deployId }
  const approvalId = params.get('approval')
  if (approvalId) return { kind: 'approval', approvalId }
  const queuedId = params.get('queued')
  if (queuedId) return { kind: 'queued', queuedId }
  const surfaceId = params.get('surface')
  if (!surfaceId) return null
  const ref = params.get('ref') || null
  const source = ref === null ? null : readSource(params)
  const like = params.get('like')
  return { kind: 'new', surfaceId, ref, ...(source === null ? {} : { source }), ...(like ? { like } : {}) }
}

function readSource(params: { get(name: string): string | null }): DeploySource | null {
  const rollback = params.get('rollback')
  if (rollback) return { kind: 'rollback', deployId: rollback }
  const promote = params.get('promote')
  return promote ? { kind: 'promotion', surfaceId: promote } : null
}

/** The same query with the modal's parameters replaced. Other parameters stay. */
export function withTarget(search: string, target: Target | null): string {
  const params = new URLSearchParams(search)
  for (const name of NAMES) params.delete(name)
  if (target?.kind === 'deploy') params.set('deploy', target.deployId)
  if (target?.kind === 'approval') params.set('approval', target.approvalId)
  if (target?.kind === 'queued') params.set('queued', target.queuedId)
  if (target?.kind === 'new') {
    params.set('surface', target.surfaceId)
    if (target.ref !== null) params.set('ref', target.ref)
    if (target.source?.kind === 'rollback') params.set('rollback', target.source.deployId)
    if (target.source?.kind === 'promotion') params.set('promote', target.source.surfaceId)
    if (target.like !== undefined) params.set('like', target.like)
  }
  const query = params.toString()
  return query === '' ? '' : `?${query}`
}

const addressOf = (target: Target | null) => window.location.pathname + withTarget(window.location.search, target)

/**
 * The modal's target is part of the URL, so that a link, a reload and the back button lead to the same place. Next
 * documents `pushState` and `replaceState` for a change of the URL without a request.
 */
export function useTarget() {
  const params = useSearchParams()
  const target = useMemo(() => readTarget(params), [params])
  const pushed = useRef(false)

  const open = useCallback((next: Target) => {
    window.history.pushState(null, '', addressOf(next))
    pushed.current = true
  }, [])

  /** For a step within the open dialog: a new deploy replaces its form. */
  const replace = useCallback((next: Target) => window.history.replaceState(null, '', addressOf(next)), [])

  /** Goes back if opening pushed a history entry. A page opened by a link has none. */
  const close = useCallback(() => {
    if (pushed.current) window.history.back()
    else window.history.replaceState(null, '', addressOf(null))
    pushed.current = false
  }, [])

  // Runs before the dialog's effects, which may reopen what the back button closed.
  useLayoutEffect(() => {
    if (target === null) pushed.current = false
  }, [target])

  return { target, open, replace, close }
}
