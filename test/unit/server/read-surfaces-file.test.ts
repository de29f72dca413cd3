import { describe, expect, it } from 'vitest'
import { parseSurfaces, placeOfMember, readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'

const GOOD = `surfaces:
  - id: api-prod
    name: API
    environment: production
    repository: acme/platform
    workflow: deploy-heroku.yml
    url: https://api.example.com/
    health_url: https://api.example.com/health
`

const dispatching = (inputs: string) => `${GOOD}    dispatch:
      inputs:
        ${inputs}
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
        service: null,
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
        dispatchInputs: null,
        dispatchAsk: [],
        githubEnvironment: null,
        onMoved: null,
        phaseJobs: null,
        probeSeconds: null,
        rollbackMode: null,
        watchMinutes: null,
        paths: [],
        checklist: [],
        versionSource: null,
      },
    ])
  })

  it.each([
    ['a wrong value', GOOD.replace('acme/platform', 'platform'), 'surfaces.yaml:5: repository: is not owner/name'],
    [
      'a name that would reverse the text around it',
      GOOD.replace('name: API', 'name: "API\\u202E"'),
      'surfaces.yaml:3: name: holds a control or format character, which cannot be seen',
    ],
    [
      'a confirmation phrase with an invisible character',
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
      'a mistyped field with a suggestion',
      `${GOOD}    helth_url: x\n`,
      'surfaces.yaml:9: "helth_url" is not a known key; did you mean "health_url"?',
    ],
    [
      'a field in another spelling with a suggestion',
      GOOD.replace('health_url', 'healthUrl'),
      'surfaces.yaml:8: "healthUrl" is not a known key; did you mean "health_url"?',
    ],
    [
      'an unknown kind of callbacks',
      `${GOOD}    callbacks: token\n`,
      'surfaces.yaml:9: callbacks: must be shared, repository or oidc',
    ],
    ['an invalid repository id', `${GOOD}    repository_id: acme\n`, 'surfaces.yaml:9: repository_id: is not a number'],
    ['an unknown approval', `${GOOD}    approval: maybe\n`, 'surfaces.yaml:9: approval: must be "none" or "required"'],
    ['an unknown field', `${GOOD}    colour: red\n`, 'surfaces.yaml:9: "colour" is not a known key'],
    [
      'an id that is declared twice',
      GOOD + GOOD.replace('surfaces:\n', ''),
      'surfaces.yaml:9: id: "api-prod" is declared twice',
    ],
    [
      'an input with a mistyped fact',
      dispatching(`version: \${shaa}`),
      `surfaces.yaml:11: dispatch.inputs.version: \${shaa} is not a known fact; did you mean \${sha}?`,
    ],
    [
      'inputs that do not tell what to deploy',
      dispatching('target: prod'),
      'surfaces.yaml:10: dispatch.inputs: does not tell the workflow what to deploy',
    ],
    [
      'what happens to a moved ref, for a workflow that does not run from it',
      `${GOOD}    dispatch:\n      on_moved: continue\n`,
      'surfaces.yaml:10: dispatch.on_moved: has no effect without "from: chosen"',
    ],
    [
      'a moved ref that continues although another person approves the commit',
      `${GOOD}    approval: required\n    dispatch:\n      from: chosen\n      on_moved: continue\n`,
      'surfaces.yaml:12: dispatch.on_moved: cannot be "continue" with "approval: required", which approves one commit',
    ],
    [
      'a time to watch without a rollback',
      `${GOOD}    watch_minutes: 5\n`,
      'surfaces.yaml:9: watch_minutes: has no effect without "rollback"',
    ],
    [
      'a rollback by the console of a surface that does not say where its version is',
      `${GOOD}    rollback: auto\n`,
      'surfaces.yaml:9: rollback: cannot be "auto" without "version": nothing would prove that the unhealthy surface runs the deploy',
    ],
    [
      'a rollback by the console whose inputs nobody would fill in',
      `${GOOD}    rollback: auto\n    version:\n      json: version\n    dispatch:\n      ask: [region]\n`,
      'surfaces.yaml:9: rollback: cannot be "auto" with "dispatch.ask": nobody would fill in the inputs',
    ],
    [
      'a rollback of an unknown kind',
      `${GOOD}    rollback: always\n`,
      'surfaces.yaml:9: rollback: must be "offer" or "auto"',
    ],
    [
      'a misspelled key of the rollback',
      `${GOOD}    rollback: offer\n    watch_minute: 5\n`,
      'surfaces.yaml:10: "watch_minute" is not a known key; did you mean "watch_minutes"?',
    ],
    [
      'a watch that is too long',
      `${GOOD}    rollback: offer\n    watch_minutes: 121\n`,
      'surfaces.yaml:10: watch_minutes:',
    ],
    [
      'an asked input that looks like a secret',
      `${GOOD}    dispatch:\n      ask: [region, API_TOKEN]\n`,
      'surfaces.yaml:10: dispatch.ask.1: looks like a secret, and GitHub shows inputs to everybody',
    ],
    [
      'an asked input that the console fills in',
      `${GOOD}    dispatch:\n      ask: [ref]\n`,
      'surfaces.yaml:10: dispatch.ask.0: is already filled in by the console',
    ],
    [
      'an input that is asked for twice',
      `${dispatching(`commit: \${sha}`)}      ask: [region, region]\n`,
      'surfaces.yaml:12: dispatch.ask.1: is named twice',
    ],
    [
      'a mistyped member of dispatch',
      dispatching(`version: \${sha}`).replace('inputs:', 'input:'),
      'surfaces.yaml:10: dispatch: "input" is not a known key; did you mean "inputs"?',
    ],
    [
      'an input that YAML reads as a number',
      dispatching(`version: \${sha}\n        api: 1.10`),
      'surfaces.yaml:12: dispatch.inputs.api: is neither text nor true or false: put it in quotes',
    ],
    [
      'a misspelled checklist',
      `${GOOD}    cheklist: [Ask support]\n`,
      'surfaces.yaml:9: "cheklist" is not a known key; did you mean "checklist"?',
    ],
    [
      'a line of the checklist that is listed twice',
      `${GOOD}    checklist:\n      - Ask support\n      - Ask support\n`,
      'surfaces.yaml:11: checklist.1: is listed twice',
    ],
    ['an empty checklist', `${GOOD}    checklist: []\n`, 'surfaces.yaml:9: checklist: has no line'],
    ['an empty line', `${GOOD}    checklist: [" "]\n`, 'surfaces.yaml:9: checklist.0: is empty'],
    [
      'a line that nobody would read to its end',
      `${GOOD}    checklist: ["${'x'.repeat(161)}"]\n`,
      'surfaces.yaml:9: checklist.0: ',
    ],
    [
      'more lines than anybody reads',
      `${GOOD}    checklist: [${Array.from({ length: 11 }, (_, index) => `a${index}`).join(', ')}]\n`,
      'surfaces.yaml:9: checklist: has more than 10 lines',
    ],
    [
      'a line that would reverse the text around it',
      `${GOOD}    checklist: ["Ask\\u202E"]\n`,
      'surfaces.yaml:9: checklist.0: holds a control or format character, which cannot be seen',
    ],
    [
      'phases without the jobs that deploy',
      `${GOOD}    phases:\n      smoke_gate: [test]\n`,
      'surfaces.yaml:9: phases: names no job of the phase deploy',
    ],
    [
      'a mistyped phase',
      `${GOOD}    phases:\n      deploys: [ship]\n`,
      'surfaces.yaml:10: phases: "deploys" is not a known key; did you mean "deploy"?',
    ],
    ['a phase with no job', `${GOOD}    phases:\n      deploy: []\n`, 'surfaces.yaml:10: phases.deploy: names no job'],
    [
      'a health check that is neither jobs nor a probe',
      `${GOOD}    phases:\n      deploy: [ship]\n      health_check: prober\n`,
      'surfaces.yaml:11: phases.health_check: is neither a list of jobs nor "probe"',
    ],
    [
      'a time limit without a health check of the console',
      `${GOOD}    phases:\n      deploy: [ship]\n      probe_seconds: 60\n`,
      'surfaces.yaml:9: phases: declares probe_seconds without "health_check: probe"',
    ],
    [
      'a path with a wildcard in its middle',
      `${GOOD}    paths: ["services/*/src"]\n`,
      'surfaces.yaml:9: paths.0: is neither a file nor a folder',
    ],
    [
      'a path that does not begin at the root',
      `${GOOD}    paths: [docs/, /services/api]\n`,
      'surfaces.yaml:9: paths.1: is not a path from the root of the repository',
    ],
    [
      'a path that is the whole repository',
      `${GOOD}    paths: ["**"]\n`,
      'surfaces.yaml:9: paths.0: is neither a file nor a folder',
    ],
    [
      'a version that is read from two places',
      `${GOOD}    version:\n      json: version\n      header: x-version\n`,
      'surfaces.yaml:9: version: needs exactly one of json, header and text',
    ],
    [
      'a pattern without the group of the version',
      `${GOOD}    version:\n      text: '^v(\\S+)'\n`,
      'surfaces.yaml:10: version.text: has no group (?<version>…)',
    ],
    [
      'a pattern that is no regular expression',
      `${GOOD}    version:\n      text: '(?<version>'\n`,
      'surfaces.yaml:10: version.text: is not a regular expression',
    ],
    [
      'a version that names neither a commit nor a ref',
      `${GOOD}    version:\n      json: version\n      is: tag\n`,
      'surfaces.yaml:11: version.is: must be commit or ref',
    ],
    ['invalid YAML', GOOD.replace('name: API', 'name: "API'), 'surfaces.yaml:'],
    ['a list without surfaces', 'surfaces: []\n', 'surfaces.yaml:1: no surface is declared'],
    ['an empty file', '', 'surfaces.yaml:1:'],
  ])('is refused with file and line for %s', (_, text, expected) => {
    expect(() => parseSurfaces(text, 'surfaces.yaml', undefined)).toThrow(expected)
  })

  it('is refused without a suggestion if no known key is similar', () => {
    expect(() => parseSurfaces(`${GOOD}    colour: red\n`, 'surfaces.yaml', undefined)).not.toThrow(/did you mean/)
  })

  it('declares who may report, whether approval is required, and for how long a request waits', () => {
    const guarded = `${GOOD}    callbacks: oidc\n    repository_id: 900100\n`
    expect(parseSurfaces(guarded, 'surfaces.yaml', undefined)).toMatchObject([
      { callbacks: 'oidc', repositoryId: 900100n },
    ])
    const text = `${GOOD}    approval: required\n    approval_minutes: 15\n`
    expect(parseSurfaces(text, 'surfaces.yaml', undefined)).toMatchObject([
      { requiresApproval: true, approvalMinutes: 15 },
    ])
  })

  it('declares the inputs of its workflow', () => {
    const text = dispatching(`version: v\${sha}\n        target: prod\n        dry_run: false`)
    expect(parseSurfaces(text, 'surfaces.yaml', undefined)).toMatchObject([
      { dispatchInputs: { version: `v\${sha}`, target: 'prod', dry_run: 'false' } },
    ])
  })

  it('declares which jobs are which phase', () => {
    const text = `${GOOD}    phases:\n      smoke_gate: [test, "lint / *"]\n      deploy: [ship]\n`
    expect(parseSurfaces(text, 'surfaces.yaml', undefined)).toMatchObject([
      { phaseJobs: { smoke_gate: ['test', 'lint / *'], deploy: ['ship'] } },
    ])
  })

  it.each([
    ['[verify]', { phaseJobs: { deploy: ['ship'], health_check: ['verify'] }, probeSeconds: null }],
    ['probe', { phaseJobs: { deploy: ['ship'] }, probeSeconds: 120 }],
    ['probe\n      probe_seconds: 300', { phaseJobs: { deploy: ['ship'] }, probeSeconds: 300 }],
  ])('declares who makes the health check: %s', (declared, expected) => {
    const text = `${GOOD}    phases:\n      deploy: [ship]\n      health_check: ${declared}\n`
    const [surface] = parseSurfaces(text, 'surfaces.yaml', undefined)
    expect({ phaseJobs: surface?.phaseJobs, probeSeconds: surface?.probeSeconds }).toEqual(expected)
  })

  it.each([
    ['json: build.commit', { url: null, in: 'json', at: 'build.commit', is: 'commit' }],
    [
      'header: x-version\n      url: https://api.example.com/\n      is: ref',
      { url: 'https://api.example.com', in: 'header', at: 'x-version', is: 'ref' },
    ],
    ["text: '^v(?<version>\\S+)'\n      is: ref", { url: null, in: 'text', at: '^v(?<version>\\S+)', is: 'ref' }],
  ])('declares where a surface reports its version: %s', (declared, versionSource) => {
    const text = `${GOOD}    version:\n      ${declared}\n`
    expect(parseSurfaces(text, 'surfaces.yaml', undefined)).toMatchObject([{ versionSource }])
  })

  it('is refused with every problem at once', () => {
    const text = GOOD.replace('acme/platform', 'platform').replace('id: api-prod', 'id: API prod')
    expect(() => parseSurfaces(text, 'surfaces.yaml', undefined)).toThrow(/:2: id[\s\S]*:5: repository/)
  })

  it("contains the sandbox's surfaces, which are refused without a sandbox", () => {
    const surfaces = readSurfacesFile('surfaces.yaml', 'http://127.0.0.1:3001')
    expect(surfaces.map(({ id }) => id)).toContain('console-staging')
    expect(surfaces[0]?.healthUrl).toBe('http://127.0.0.1:3001/surfaces/console/health')
    expect(() => readSurfacesFile('surfaces.yaml', undefined)).toThrow('declare your own')
  })

  it('is reported with the variable to set if it is missing', () => {
    expect(() => readSurfacesFile('nowhere.yaml', undefined)).toThrow(/nowhere\.yaml[\s\S]*SURFACES_FILE/)
  })
})

describe('the place of a member in surfaces.yaml', () => {
  const text = dispatching(`version: \${sha}`)
  it.each([
    ['workflow', 6],
    ['dispatch.inputs.version', 11],
    ['dispatch.inputs.target', 10],
    ['phases', 2],
  ])('of %s is the line of its key, or of the nearest parent that is written', (key, line) => {
    expect(placeOfMember(text, 'api-prod', key)).toBe(line)
  })

  it('is unknown for a surface that the file does not declare, and in a file that is not YAML', () => {
    expect(placeOfMember(text, 'other', 'workflow')).toBeNull()
    expect(placeOfMember('surfaces: [', 'api-prod', 'workflow')).toBeNull()
  })
})
