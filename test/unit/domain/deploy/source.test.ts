import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeploySource } from '~/domain/deploy/request'
import { changeSentence, deployVerb, explainSource, sourceToKeep } from '~/domain/deploy/source'

const rollback: DeploySource = { kind: 'rollback', deployId: '7' }
const promotion: DeploySource = { kind: 'promotion', surfaceId: 'api-staging' }

const count = fc.nat({ max: 3 })
const change = fc.option(fc.record({ adds: count, removes: count }))
const source = fc.constantFrom(rollback, promotion)

describe('the name of a deploy', () => {
  it('is a rollback only if the deploy is known to remove commits and add none, whatever its source', () => {
    fc.assert(
      fc.property(change, source, (known, from) => {
        const isRollback = known !== null && known.adds === 0 && known.removes > 0
        const words = explainSource(from, known).replace('This is not a rollback', '')
        expect(deployVerb(known) === 'Roll back').toBe(isRollback)
        if (!isRollback) expect(words).not.toMatch(/roll/i)
      }),
    )
  })

  it('says how many commits are added and removed, for every count', () => {
    fc.assert(
      fc.property(count, count, (adds, removes) => {
        const said = changeSentence({ adds, removes })
        expect(said.includes(`Adds ${adds} `)).toBe(adds > 0)
        expect(said.includes(`emoves ${removes} `)).toBe(removes > 0)
      }),
    )
  })

  it.each([
    [rollback, null, 'The commit of an earlier deploy. Its changes are not known.'],
    [rollback, { adds: 0, removes: 2 }, 'A rollback to an earlier deploy.'],
    [rollback, { adds: 1, removes: 2 }, 'The commit of an earlier deploy. This is not a rollback: it adds 1 commit.'],
    [rollback, { adds: 0, removes: 0 }, 'The commit of an earlier deploy.'],
    [promotion, { adds: 3, removes: 0 }, 'Promoted from api-staging, which runs it now.'],
    [promotion, { adds: 3, removes: 1 }, 'Promoted from api-staging, which runs it now. It also removes 1 commit.'],
    [
      promotion,
      { adds: 0, removes: 1 },
      'The commit that api-staging runs now. This is not a promotion: it only removes commits.',
    ],
  ])('for the source %j with the change %j is "%s"', (from, known, words) => {
    expect(explainSource(from, known)).toBe(words)
  })
})

it('a deploy is recorded as a rollback only if it removes commits and adds none, as far as is known, and one that only removes commits not as a promotion', () => {
  fc.assert(
    fc.property(change, (known) => {
      const isBackwards = known !== null && known.adds === 0 && known.removes > 0
      expect(sourceToKeep(rollback, known)).toBe(known === null || isBackwards ? rollback : null)
      expect(sourceToKeep(promotion, known)).toBe(isBackwards ? null : promotion)
    }),
  )
})
