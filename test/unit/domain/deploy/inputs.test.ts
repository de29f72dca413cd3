import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_INPUTS, type DeployFacts, fillInputs, tellsCommit, unknownFact } from '~/domain/deploy/inputs'

const SHA = '0123456789abcdef0123456789abcdef01234567'
const DEPLOY: DeployFacts = {
  id: 'd1',
  surfaceId: 'api-prod',
  environment: 'production',
  ref: 'refs/heads/release/2.1',
  sha: SHA,
  requestedBy: 'ada@example.com',
  reason: null,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  phaseCallbacks: false,
}

describe('the inputs of a deploy', () => {
  it('a workflow is sent each fact under the name that the surface gives it', () => {
    const templates = {
      version: `\${ref_name} at \${short_sha}`,
      ref: `\${ref}`,
      commit: `\${sha}`,
      target: 'prod',
      url: `https://example.com/\${environment}/\${surface}?by=\${requested_by}`,
      why: `\${reason}`,
      deploy: `\${deploy_id}`,
      report: `\${phase_callbacks}`,
      trace: `\${traceparent}`,
    }
    expect(fillInputs(templates, DEPLOY)).toEqual({
      version: 'release/2.1 at 0123456',
      ref: 'refs/heads/release/2.1',
      commit: SHA,
      target: 'prod',
      url: 'https://example.com/production/api-prod?by=ada@example.com',
      why: '',
      deploy: 'd1',
      report: 'false',
      trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
  })

  it("text in a fact is sent as it is, so a reason cannot insert another fact or change another input's value", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('sha', 'deploy_id', 'reason', 'x'), (text, fact) => {
        const reason = `${text}\${${fact}}$&$1`
        const sent = fillInputs({ why: `\${reason}`, commit: `\${sha}` }, { ...DEPLOY, reason })
        expect(sent).toEqual({ why: reason, commit: SHA })
      }),
    )
  })

  it('a fact that does not exist is named, with the likely spelling or the list of facts', () => {
    expect(unknownFact(`\${sha} \${SHA_}`)).toBe(`\${SHA_} is not a known fact; did you mean \${sha}?`)
    expect(unknownFact(`\${colour}`)).toMatch(/^\$\{colour\} is not a known fact; the facts are ref, ref_name, sha/)
    expect(unknownFact(`\${constructor}`)).toMatch(/not a known fact/)
    for (const template of Object.values(DEFAULT_INPUTS)) expect(unknownFact(template)).toBeNull()
  })

  it('inputs tell the commit only through a fact that names it', () => {
    for (const fact of ['ref', 'ref_name', 'sha', 'short_sha']) expect(tellsCommit({ x: `a-\${${fact}}` })).toBe(true)
    expect(tellsCommit({})).toBe(false)
    expect(tellsCommit({ sha: 'main', ref: `\${environment}` })).toBe(false)
  })
})
