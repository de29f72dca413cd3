import pino from 'pino'
import { expect, it } from 'vitest'
import { connectGitHub } from '~/server/github/client'
import { shareRead } from '~/server/github/recent-reads'

const newGitHub = () =>
  connectGitHub({ apiUrl: 'http://127.0.0.1:9', credentials: { kind: 'token', token: 'x' } }, pino({ level: 'silent' }))

/** Counts how often it is asked, and answers with that number on request. */
function source() {
  const answers: (() => void)[] = []
  let count = 0
  const ask = () => {
    count += 1
    const mine = count
    return new Promise<number>((resolve) => answers.push(() => resolve(mine)))
  }
  return { ask, answer: () => answers.forEach((one) => void one()), count: () => count }
}

it('simultaneous equal reads share one request', async () => {
  const [github, { ask, answer, count }] = [newGitHub(), source()]
  const asked = Array.from({ length: 200 }, () => shareRead(github, 'main', ask, { keep: false }))
  answer()
  expect(new Set(await Promise.all(asked))).toEqual(new Set([1]))
  expect(count()).toBe(1)
})

it('a later read gets the earlier answer only if the answer may be kept', async () => {
  const [github, { ask, answer }] = [newGitHub(), source()]
  const soon = (key: string, keep: boolean) => {
    const asked = shareRead(github, key, ask, { keep })
    answer()
    return asked
  }
  expect([await soon('head', false), await soon('head', false)]).toEqual([1, 2])
  expect([await soon('tags', true), await soon('tags', true)]).toEqual([3, 3])
})

it('a failed read fails for those that waited for it, and not for the next', async () => {
  const github = newGitHub()
  const failing = () => Promise.reject(new Error('away'))
  await expect(shareRead(github, 'main', failing, { keep: true })).rejects.toThrow('away')
  expect(await shareRead(github, 'main', async () => 'there', { keep: true })).toBe('there')
})

it('two GitHubs do not share answers', async () => {
  const keep = { keep: true }
  expect(await shareRead(newGitHub(), 'main', async () => 'one', keep)).toBe('one')
  expect(await shareRead(newGitHub(), 'main', async () => 'two', keep)).toBe('two')
})
