import { describe, expect, it } from 'vitest'
import { refuseDispatch, refuseWhileDeploying } from '~/domain/deploy/admission'

const surface = { name: 'API', confirm: 'api-prod', archived: false }

describe('refuseDispatch', () => {
  it('admits a declared surface whose confirmation phrase is correct', () => {
    expect(refuseDispatch({ surface, confirmation: 'api-prod' })).toBeNull()
  })

  it('refuses an archived surface before checking the phrase', () => {
    const facts = { surface: { ...surface, archived: true }, confirmation: 'nonsense' }
    expect(refuseDispatch(facts)).toMatchObject({ code: 'surface_archived' })
  })

  it.each(['', 'API-prod', 'api-prod '])('refuses "%s" in place of the phrase', (confirmation) => {
    expect(refuseDispatch({ surface, confirmation })).toMatchObject({ code: 'confirmation_mismatch' })
  })
})

it('a refusal during a deploy names its requester and its ref', () => {
  expect(refuseWhileDeploying({ requestedBy: 'grace', ref: 'main' })).toMatchObject({
    code: 'surface_busy',
    message: 'grace is deploying main right now. Wait until that deploy ends.',
  })
  expect(refuseWhileDeploying(null)).toBeNull()
})
