import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLargeAnswers } from '~/server/platform/http/large-answers'

const BODY = 'ü'.repeat(100_000)
const build = async () => BODY

describe('large answers', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const server = () => {
    const { send } = createLargeAnswers()
    return (account: string, method = 'GET', body = build) => send({ account, method }, { 'x-kind': 'large' }, body)
  }
  const REFUSED = { code: 'rate_limited', retryAfterSeconds: 5 }

  it('are refused beyond one of an account and three of a server, until one of them is sent', async () => {
    const send = server()
    const first = await send('ada')
    await expect(send('ada')).rejects.toMatchObject(REFUSED)
    const others = await Promise.all([send('bo'), send('cy')])
    await expect(send('di')).rejects.toMatchObject(REFUSED)
    expect(await first.text()).toBe(BODY)
    await others[0]?.body?.cancel()
    expect((await send('ada')).headers.get('x-kind')).toBe('large')
    expect((await send('bo')).status).toBe(200)
    await expect(send('di')).rejects.toMatchObject(REFUSED)
  })

  it('are refused while others are being built, and admitted after a failed one', async () => {
    const send = server()
    const failing = send('ada', 'GET', () => Promise.reject(new Error('no such deploy')))
    await expect(send('ada')).rejects.toMatchObject(REFUSED)
    await expect(failing).rejects.toThrow('no such deploy')
    expect((await send('ada')).status).toBe(200)
  })

  it('are cut off if the client is too slow, so that it blocks nobody for long', async () => {
    const send = server()
    const reader = (await send('ada')).body?.getReader()
    expect((await reader?.read())?.value?.length).toBe(64 * 1024)
    vi.advanceTimersByTime(120_000)
    await expect(reader?.read()).rejects.toThrow('within 120 s')
    expect((await send('ada')).status).toBe(200)
  })

  it('hold nothing for HEAD, whose body nobody reads', async () => {
    const send = server()
    expect((await send('ada', 'HEAD')).body).toBeNull()
    expect((await send('ada', 'HEAD')).headers.get('x-kind')).toBe('large')
  })
})
