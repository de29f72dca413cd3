import { describe, expect, it } from 'vitest'
import { limitBody, readBoundedBody } from '~/server/platform/http/read-body'

const post = (body: BodyInit) =>
  new Request('http://localhost/', { method: 'POST', body, duplex: 'half' } as RequestInit)

describe('a request body', () => {
  it('is read byte for byte up to the limit, and refused above it', async () => {
    const bytes = new Uint8Array(100).map((_, index) => index * 2)
    expect(await readBoundedBody(post(bytes), 100)).toEqual(Buffer.from(bytes))
    await expect(readBoundedBody(post(bytes), 99)).rejects.toMatchObject({ code: 'body_too_large' })
  })

  it('that never ends is given up at the limit', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1
        controller.enqueue(new Uint8Array(1024))
      },
    })
    await expect(readBoundedBody(post(endless), 64 * 1024)).rejects.toMatchObject({ code: 'body_too_large' })
    expect(sent).toBeLessThan(100)
  })

  it('that breaks off is reported as incomplete', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('aborted')) })
    await expect(readBoundedBody(post(broken), 64)).rejects.toMatchObject({ code: 'body_incomplete' })
  })

  it('larger than any call of the screen is refused before it is parsed', async () => {
    const bounded = await limitBody(post('x'.repeat(300_000)))
    expect(bounded instanceof Response && bounded.status).toBe(413)
  })
})
