import { describe, expect, test } from 'vitest'
import { readTarget, withTarget } from '~/ui/deploy-modal/frame/target'
import { refGroups } from '~/ui/deploy-modal/new-deploy/ref-options'
import { readWireError, worthAnotherTry } from '~/ui/trpc/wire-error'

describe('the address', () => {
  test('names the open deploy, or the surface that is about to be deployed', () => {
    expect(readTarget(new URLSearchParams('deploy=42'))).toEqual({ kind: 'deploy', deployId: '42' })
    expect(readTarget(new URLSearchParams('surface=console'))).toEqual({ kind: 'new', surfaceId: 'console', ref: null })
    expect(readTarget(new URLSearchParams('deploy=42&surface=console'))).toMatchObject({ kind: 'deploy' })
    expect(readTarget(new URLSearchParams('deploy='))).toBeNull()
  })

  test('writes a target that reads back as the same target, and keeps other parameters', () => {
    const target = { kind: 'new', surfaceId: 'console', ref: 'release/1&2' } as const
    const search = withTarget('?lang=en&deploy=42', target)
    expect(readTarget(new URLSearchParams(search))).toEqual(target)
    expect(withTarget(search, null)).toBe('?lang=en')
    expect(withTarget('?deploy=42', null)).toBe('')
  })
})

describe('the refs to choose from', () => {
  const sha = (digit: string) => digit.repeat(40)
  const choices = {
    branches: [
      { name: 'release', sha: sha('b') },
      { name: 'main', sha: sha('a') },
    ],
    tags: [{ name: 'v1.2.0', sha: sha('c') }],
    commits: [{ sha: sha('d'), title: 'Retry mails', author: 'Mira Okafor', at: '2026-11-21T00:00:00Z', url: '' }],
    defaultMissing: false,
    notes: [],
  }
  const listRefs = (typed: string, known: typeof choices | undefined = choices) =>
    refGroups(known, 'main', typed).flatMap((group) => group.items.map((item) => `${group.label}: ${item.ref}`))

  test('begin with the default ref and list it once', () => {
    expect(listRefs('')).toEqual([
      'Default: refs/heads/main',
      'Branches: refs/heads/release',
      'Tags: refs/tags/v1.2.0',
      `Recent commits: ${sha('d')}`,
    ])
  })

  test('leave out a default ref that does not exist', () => {
    expect(listRefs('', { ...choices, branches: choices.branches.slice(0, 1), defaultMissing: true })).toEqual([
      'Branches: refs/heads/release',
      'Tags: refs/tags/v1.2.0',
      `Recent commits: ${sha('d')}`,
    ])
  })

  test('are searched by name, commit title, author and SHA, and always offer what was typed', () => {
    expect(listRefs('mira')).toEqual([`Recent commits: ${sha('d')}`, 'As typed: mira'])
    expect(listRefs('cccc')).toEqual(['Tags: refs/tags/v1.2.0', 'As typed: cccc'])
    expect(listRefs(sha('9'))).toEqual([`As typed: ${sha('9')}`])
  })

  test('do not offer typed text that is already in the list', () => {
    expect(listRefs('release')).toEqual(['Branches: refs/heads/release'])
  })

  test('show a branch and a tag of the same name as two rows, each with its own commit', () => {
    const known = { ...choices, tags: [{ name: 'release', sha: sha('e') }] }
    const rows = refGroups(known, 'main', 'release').flatMap(({ items }) => items.map((item) => [item.ref, item.sha]))
    expect(rows).toEqual([
      ['refs/heads/release', sha('b')],
      ['refs/tags/release', sha('e')],
    ])
  })

  test('begin with an exact match before longer names that contain the text', () => {
    const named = (name: string) => ({ name, sha: sha('e') })
    const known = { ...choices, branches: [named('pre-v2'), named('v2-fix')], tags: [named('v2-rc'), named('v2')] }
    expect(listRefs('v2', known)[0]).toBe('Tags: refs/tags/v2')
  })

  test('offer the default ref and the typed text until GitHub has answered', () => {
    expect(refGroups(undefined, 'main', '').flatMap((group) => group.items.map((item) => item.ref))).toEqual(['main'])
    expect(refGroups(undefined, 'main', 'v9').flatMap((group) => group.items.map((item) => item.ref))).toEqual(['v9'])
  })
})

describe('an error of a call', () => {
  const httpError = (httpStatus: number) =>
    Object.assign(new Error('a sentence'), { data: { httpStatus, appCode: 'ref_moved' } })

  test('is a refusal only if the console itself refused', () => {
    expect(readWireError(httpError(409))).toEqual({ kind: 'refused', appCode: 'ref_moved', message: 'a sentence' })
    expect(readWireError(httpError(503)).kind).toBe('broken')
    expect(readWireError(new TypeError('fetch failed')).kind).toBe('unreachable')
    expect(readWireError(Object.assign(new Error('a proxy'), { data: null })).kind).toBe('unreachable')
    expect(readWireError('what').kind).toBe('unreachable')
  })

  test('names the deploy that it is about, if the console gives one', () => {
    const busy = { httpStatus: 409, appCode: 'surface_busy', details: { deploy_id: '42' } }
    expect(readWireError(Object.assign(new Error('busy'), { data: busy })).deployId).toBe('42')
    expect(readWireError(httpError(409)).deployId).toBeUndefined()
  })

  test('is retried once unless it was a refusal', () => {
    expect(worthAnotherTry(0, httpError(503))).toBe(true)
    expect(worthAnotherTry(1, httpError(503))).toBe(false)
    expect(worthAnotherTry(0, httpError(422))).toBe(false)
  })
})
