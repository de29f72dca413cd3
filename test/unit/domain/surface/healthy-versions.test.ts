import { expect, it } from 'vitest'
import { lastHealthyWith, noteHealthy, readHealthyVersions } from '~/domain/surface/healthy-versions'

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)]
const at = (minute: number) => new Date(Date.UTC(2026, 10, 29, 3, minute))
const healthy = (sha: string | null, minute: number) => ({ health: 'healthy', sha, at: at(minute) })

it('a surface that stays healthy with one version writes nothing', () => {
  expect(noteHealthy([], healthy(A, 1), { health: 'healthy', sha: A })).toBeNull()
})

it('the last healthy time of a version is on record once another version runs, also past an outage and a bad deploy', () => {
  const afterA = noteHealthy([], healthy(A, 1), { health: 'unreachable', sha: null }) ?? []
  const afterB = noteHealthy(afterA, healthy(B, 5), { health: 'unhealthy', sha: B }) ?? []
  expect(lastHealthyWith(afterB, A)).toBe(at(1).toISOString())
  expect(lastHealthyWith(afterB, B)).toBe(at(5).toISOString())
  expect(noteHealthy(afterB, { health: 'unhealthy', sha: B, at: at(6) }, { health: 'healthy', sha: A })).toBeNull()
})

it('a version that was never seen healthy, or whose answer named no commit, is not on record', () => {
  expect(noteHealthy([], { health: 'unhealthy', sha: A, at: at(1) }, { health: 'healthy', sha: B })).toBeNull()
  expect(noteHealthy([], healthy(null, 1), { health: 'unhealthy', sha: null })).toBeNull()
  expect(lastHealthyWith([], A)).toBeNull()
})

it('keeps five versions, each once, and counts what it cannot read as nothing', () => {
  const shas = ['1', '2', '3', '4', '5', '6', '4'].map((digit) => digit.repeat(40))
  const known = shas.reduce(
    (list, sha, index) => noteHealthy(list, healthy(sha, index), { health: 'unhealthy', sha }) ?? list,
    readHealthyVersions('?'),
  )
  expect(known.map(({ sha }) => sha[0])).toEqual(['4', '6', '5', '3', '2'])
  expect(readHealthyVersions(JSON.parse(JSON.stringify(known)))).toEqual(known)
})
