import { describe, expect, it } from 'vitest'
import { parseSurfaces, readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'

const GOOD = `surfaces:
  - id: api-prod
    name: API
    environment: production
    repository: acme/platform
    workflow: deploy-heroku.yml
    url: https://api.example.com/
    health_url: https://api.example.com/health
`

describe('surfaces.yaml', () => {
  it('fills in the documented defaults', () => {
    expect(parseSurfaces(GOOD, 'surfaces.yaml', undefined)).toEqual([
      {
        id: 'api-prod',
        name: 'API',
        environment: 'production',
        repository: 'acme/platform',
        workflow: 'deploy-heroku.yml',
        ref: 'main',
        url: 'https://api.example.com',
        healthUrl: 'https://api.example.com/health',
        confirm: 'api-prod',
        timeoutMinutes: 30,
        position: 0,
        requiresApproval: false,
        approvalMinutes: 60,
        callbacks: 'shared',
        repositoryId: null,
      },
    ])
  })

  it.each([
    ['a wrong value', GOOD.replace('acme/platform', 'platform'), 'surfaces.yaml:5: repository: is not owner/name'],
    [
      'a name that would turn the text around it',
      GOOD.replace('name: API', 'name: "API\\u202E"'),
      'surfaces.yaml:3: name: holds a control or format character, which cannot be seen',
    ],
    [
      'a phrase to confirm with a character nobody can type',
      `${GOOD}    confirm: "api\\u200B"\n`,
      'surfaces.yaml:9: confirm: holds a control or format character, which cannot be seen',
    ],
    [
      'a ref with a control character',
      `${GOOD}    ref: "ma\\u001Bin"\n`,
      'surfaces.yaml:9: ref: holds a control or format character, which cannot be seen',
    ],
    ['a missing field', GOOD.replace('    workflow: deploy-heroku.yml\n', ''), 'surfaces.yaml:2: workflow: is missing'],
    [
      'a mistyped field, and what was meant,',
      `${GOOD}    helth_url: x\n`,
      'surfaces.yaml:2: "helth_url" is not a known key; did you mean "health_url"?',
    ],
    [
      'a field in another spelling, and what was meant,',
      GOOD.replace('health_url', 'healthUrl'),
      'surfaces.yaml:2: "healthUrl" is not a known key; did you mean "health_url"?',
    ],
    [
      'a way to report nobody knows',
      `${GOOD}    callbacks: token\n`,
      'surfaces.yaml:9: callbacks: is none of shared, repository, oidc',
    ],
    [
      'a repository id that is none',
      `${GOOD}    repository_id: acme\n`,
      'surfaces.yaml:9: repository_id: is not a number',
    ],
    [
      'an approval nobody knows',
      `${GOOD}    approval: maybe\n`,
      'surfaces.yaml:9: approval: is neither none nor required',
    ],
    ['a field nobody knows', `${GOOD}    colour: red\n`, 'surfaces.yaml:2: "colour" is not a known key'],
    [
      'an id declared twice',
      GOOD + GOOD.replace('surfaces:\n', ''),
      'surfaces.yaml:9: id: "api-prod" is declared twice',
    ],
    ['broken YAML', GOOD.replace('name: API', 'name: "API'), 'surfaces.yaml:'],
    ['no surface at all', 'surfaces: []\n', 'surfaces.yaml:1: no surface is declared'],
    ['an empty file', '', 'surfaces.yaml:1:'],
  ])('names file and line of %s', (_, text, expected) => {
    expect(() => parseSurfaces(text, 'surfaces.yaml', undefined)).toThrow(expected)
  })

  it('guesses no spelling where none is near', () => {
    expect(() => parseSurfaces(`${GOOD}    colour: red\n`, 'surfaces.yaml', undefined)).not.toThrow(/did you mean/)
  })

  it('says which surface asks for a second person, and for how long a request waits', () => {
    const guarded = `${GOOD}    callbacks: oidc\n    repository_id: 900100\n`
    expect(parseSurfaces(guarded, 'surfaces.yaml', undefined)).toMatchObject([
      { callbacks: 'oidc', repositoryId: 900100n },
    ])
    const text = `${GOOD}    approval: required\n    approval_minutes: 15\n`
    expect(parseSurfaces(text, 'surfaces.yaml', undefined)).toMatchObject([
      { requiresApproval: true, approvalMinutes: 15 },
    ])
  })

  it('names every problem at once', () => {
    const text = GOOD.replace('acme/platform', 'platform').replace('id: api-prod', 'id: API prod')
    expect(() => parseSurfaces(text, 'surfaces.yaml', undefined)).toThrow(/:2: id[\s\S]*:5: repository/)
  })

  it('ships the sandbox’s surfaces, and refuses them where there is no sandbox', () => {
    const surfaces = readSurfacesFile('surfaces.yaml', 'http://127.0.0.1:3001')
    expect(surfaces.map(({ id }) => id)).toContain('console-staging')
    expect(surfaces[0]?.healthUrl).toBe('http://127.0.0.1:3001/surfaces/console/health')
    expect(() => readSurfacesFile('surfaces.yaml', undefined)).toThrow('declare your own')
  })

  it('says which file is missing and what to set', () => {
    expect(() => readSurfacesFile('nowhere.yaml', undefined)).toThrow(/nowhere\.yaml[\s\S]*SURFACES_FILE/)
  })
})
