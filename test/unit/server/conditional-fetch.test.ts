import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { type AnswerStore, fetchConditionally, type StoredAnswer } from '~/server/github/conditional-fetch'

/** GitHub's ETags are valid only for the token that they were given to. */
function githubAnswers() {
  const asked: string[] = []
  const send = async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers)
    const token = headers.get('authorization') ?? 'nobody'
    const etag = `W/"${hash('sha256', `${url} ${token}`)}"`
    const status = headers.get('if-none-match') === etag ? 304 : 200
    asked.push(`${token} ${headers.has('if-none-match') ? 'with' : 'without'} an ETag: ${status}`)
    if (status === 304) return new Response(null, { status, headers: { etag } })
    return Response.json({ shown: token }, { headers: { etag } })
  }
  return { send, asked }
}

function sharedStore(): AnswerStore {
  const kept = new Map<string, StoredAnswer>()
  return {
    find: async (key) => kept.get(key) ?? null,
    keep: async (key, answer) => void kept.set(key, answer),
    recordUse: async () => undefined,
  }
}

it('two processes with different tokens of one installation both get 304, even if their requests alternate', async () => {
  const github = githubAnswers()
  const ask = fetchConditionally(github.send, sharedStore(), (error) => {
    throw error
  })
  const get = async (token: string) => {
    const answer = await ask('https://api.github.com/x', { headers: { authorization: `token ${token}` } })
    return answer.json()
  }
  for (const token of ['a', 'b', 'a', 'b']) expect(await get(token)).toEqual({ shown: `token ${token}` })
  expect(github.asked).toEqual([
    'token a without an ETag: 200',
    'token b without an ETag: 200',
    'token a with an ETag: 304',
    'token b with an ETag: 304',
  ])
})
