import { describe, expect, test } from 'vitest'
import { runScript } from './action-script'
import { notFrozen, startReceiver } from './callback-receiver'
import type { Answer } from './http-server'

const secret = 'plain secret with spaces & $(signs) of some length'
const deployId = '0192f0c1-2345-7abc-8def-0123456789ab'
const frozen = {
  ...notFrozen,
  frozen: true,
  kind: 'frozen',
  reason: 'Release "week"',
  until: '2026-11-22T18:00:00.000Z',
}

const check = (variables: Readonly<Record<string, string>>) =>
  runScript(
    'freeze-check/freeze-check.sh',
    { SURFACE: 'api-prod', HMAC_SECRET: secret, ...variables },
    { sleep: false },
  )

async function checkAgainst(answer: Answer, variables: Readonly<Record<string, string>> = {}) {
  const console_ = await startReceiver(secret, undefined, () => answer)
  const result = await check({ CONSOLE_URL: console_.url, ...variables })
  return { ...result, questions: console_.questions }
}
const answered = (body: unknown): Answer => ({ status: 200, body })

describe('the question of the freeze check', () => {
  test('a run of the console asks about the surface, the deploy and the run, and signs exactly that question', async () => {
    const result = await checkAgainst(answered(notFrozen))
    expect(result).toMatchObject({ exitCode: 0, outputs: 'summary=No freeze is in force.\n' })
    expect(result.questions).toEqual([`/api/internal/freezes?surface=api-prod&deploy=${deployId}&run=30433642001`])
  })

  test('a run started by hand asks about the surface only', async () => {
    const result = await checkAgainst(answered(notFrozen), { CONSOLE_DEPLOY_ID: '' })
    expect(result.questions).toEqual(['/api/internal/freezes?surface=api-prod'])
    expect(result.exitCode).toBe(0)
  })

  test('the freeze check keeps the secret out of arguments, environments of other programs and output', async () => {
    const result = await checkAgainst(answered(notFrozen))
    expect(result.calls).toMatch(/^curl /m)
    for (const text of [result.calls, result.environments, result.output]) expect(text).not.toContain(secret)
  })
})

describe('an answer that something is frozen', () => {
  test.each([deployId, ''])(
    'a frozen run fails with the end and the reason, with and without a deploy id ("%s")',
    async (id) => {
      const result = await checkAgainst(answered(frozen), { CONSOLE_DEPLOY_ID: id })
      expect(result.exitCode).toBe(1)
      expect(result.outputs).toBe('problem=Production is frozen until 2026-11-22T18:00:00.000Z: Release "week"\n')
    },
  )

  test('a run on a locked surface fails with the reason of the lock', async () => {
    const result = await checkAgainst(answered({ ...frozen, kind: 'locked', reason: 'Being migrated', until: null }))
    expect(result.outputs).toBe('problem=api-prod is locked: Being migrated\n')
  })

  test('a run whose freeze is overridden passes with both reasons', async () => {
    const answer = { ...frozen, overridden: true, override_reason: 'Fixes the outage' }
    const result = await checkAgainst(answered(answer))
    expect(result).toMatchObject({
      exitCode: 0,
      outputs: 'summary=Frozen (Release "week"), and overridden for this deploy: Fixes the outage\n',
    })
  })

  test('a reason that looks like an answer does not unfreeze the run', async () => {
    const reason = '"frozen":false,"overridden":true'
    const result = await checkAgainst(answered({ ...frozen, reason }))
    expect(result.exitCode).toBe(1)
  })
})

test('the repository variable freezes a run without asking the console', async () => {
  const result = await checkAgainst(answered(notFrozen), { FREEZE: 'Incident 42\n::set-output' })
  expect(result).toMatchObject({ exitCode: 1, questions: [] })
  expect(result.outputs).toBe('problem=Production is frozen: Incident 42 ::set-output\n')
})

test.each(['', 'false', '0'])('the repository variable "%s" does not freeze', async (freeze) => {
  expect(await checkAgainst(answered(notFrozen), { FREEZE: freeze })).toMatchObject({ exitCode: 0 })
})

test('without a configured console only the repository variable freezes', async () => {
  const result = await check({ CONSOLE_URL: '', HMAC_SECRET: '' })
  expect(result).toMatchObject({
    exitCode: 0,
    outputs: 'summary=No freeze is in force. No console is configured to be asked.\n',
  })
  expect(result.calls).not.toMatch(/^curl/m)
})

describe('a console that gives no usable answer', () => {
  const cases: [string, Answer | null, RegExp][] = [
    ['does not answer', null, /The console did not answer, after 5 attempts/],
    ['cannot reach its database', { status: 503, body: {} }, /The console answered 503, after 5 attempts/],
    [
      'refuses the question',
      { status: 401, body: { title: 'The signature is invalid' } },
      /refused to say \(401\): The signature/,
    ],
    [
      'is not the one that answers',
      { status: 200, body: 'Please sign in' },
      /Something other than the console answered/,
    ],
  ]

  test.each(cases)('a run of the console stops if the console %s', async (_, answer, words) => {
    const console_ = await startReceiver(secret, undefined, () => answer ?? { status: 500, body: {} })
    const result = await check({ CONSOLE_URL: answer === null ? 'http://127.0.0.1:9' : console_.url })
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatch(words)
    expect(result.outputs).toMatch(/^problem=.*nothing was deployed\.\n$/)
  })

  test.each(cases)('a run started by hand continues with a warning if the console %s', async (_, answer, words) => {
    const console_ = await startReceiver(secret, undefined, () => answer ?? { status: 500, body: {} })
    const url = answer === null ? 'http://127.0.0.1:9' : console_.url
    const result = await check({ CONSOLE_URL: url, CONSOLE_DEPLOY_ID: '' })
    expect(result.exitCode).toBe(0)
    expect(result.output).toMatch(/^::warning::/m)
    expect(result.output).toMatch(words)
  })

  test('the console is asked again after a passing error', async () => {
    const console_ = await startReceiver(secret, undefined, (count) =>
      count === 1 ? { status: 503, body: {} } : answered(notFrozen),
    )
    const result = await check({ CONSOLE_URL: console_.url })
    expect(result.exitCode).toBe(0)
    expect(console_.questions).toHaveLength(2)
  })
})

test.each([
  ['CONSOLE_URL', 'file:///etc/passwd', /console_url is not an http/],
  ['HMAC_SECRET', '', /hmac_secret is empty/],
  ['SURFACE', 'x&deploy=1', /surface is not the id of a surface/],
  ['CONSOLE_DEPLOY_ID', '../../x', /console_deploy_id is not a deploy id/],
])('a run of the console with %s=%j stops before anything is sent', async (name, value, words) => {
  const result = await check({ CONSOLE_URL: 'http://127.0.0.1:9', [name]: value })
  expect(result.exitCode).toBe(1)
  expect(result.outputs).toMatch(words)
  expect(result.calls).not.toMatch(/^curl/m)
})
