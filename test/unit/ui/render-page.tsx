import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { TRPCClientError, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { act, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, onTestFinished, vi } from 'vitest'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { trpc } from '~/ui/trpc/client'

/** The console's answer to each procedure: an Error is a refusal with that message, a promise an answer that comes later. */
export type Answers = Readonly<Record<string, unknown>>

interface Call {
  readonly procedure: string
  readonly input: unknown
}

/** A page that shows `content` and whose console gives these answers. */
export async function renderPage(content: ReactNode, answers: Answers = {}) {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  const calls: Call[] = []
  const answered: TRPCLink<AppRouter> =
    () =>
    ({ op }) =>
      observable((observer) => {
        if (op.type === 'mutation') calls.push({ procedure: op.path, input: op.input })
        void Promise.resolve(answers[op.path]).then((answer) => {
          if (answer instanceof Error) return observer.error(refused(answer.message))
          observer.next({ result: { type: 'data', data: answer } })
          observer.complete()
        })
      })
  const box = document.body.appendChild(document.createElement('div'))
  const root = createRoot(box)
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' } } })
  const client = trpc.createClient({ links: [answered] })
  /** Does this outside the page, and waits for its effects. */
  const settle = (happening: () => void = () => undefined) =>
    act(async () => {
      happening()
      await new Promise((resolve) => setTimeout(resolve, 5))
    })
  await act(async () =>
    root.render(
      <trpc.Provider client={client} queryClient={queries}>
        <QueryClientProvider client={queries}>{content}</QueryClientProvider>
      </trpc.Provider>,
    ),
  )
  await settle()
  onTestFinished(async () => {
    await act(async () => root.unmount())
    box.remove()
    queries.clear()
  })

  const field = (label: string): HTMLInputElement | HTMLSelectElement => {
    const found = [...document.querySelectorAll('label')].find((one) => one.textContent.trim().startsWith(label))
    const named = found?.htmlFor ? document.getElementById(found.htmlFor) : found?.querySelector('input')
    if (named instanceof HTMLInputElement || named instanceof HTMLSelectElement) return named
    throw new Error(`no field is called ${label}`)
  }
  const button = (name: string): HTMLButtonElement => {
    const found = [...document.querySelectorAll('button')].find((one) => one.textContent.trim().startsWith(name))
    if (found === undefined) throw new Error(`no button is called ${name}`)
    return found
  }
  return {
    calls,
    field,
    button,
    text: () => document.body.textContent,
    alert: () => document.querySelector('[role="alert"]')?.textContent ?? null,
    /** Sets the value past React's own property, as typing does. */
    fill: async (label: string, value: string) => {
      const element = field(label)
      const kind = element instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement
      Object.getOwnPropertyDescriptor(kind.prototype, 'value')?.set?.call(element, value)
      const event = kind === HTMLSelectElement ? 'change' : 'input'
      await act(async () => element.dispatchEvent(new Event(event, { bubbles: true })))
    },
    press: async (name: string) => {
      await act(async () => button(name).click())
      await settle()
    },
    /** Submits the form of a field as Enter does, whether or not its button is enabled. */
    pressEnter: async (label: string) => {
      await act(async () => field(label).form?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })))
      await settle()
    },
    settle,
    /** Waits for a part of the page that is loaded when it is needed. */
    arrives: async (text: string) => {
      await vi.waitFor(async () => {
        await settle()
        expect(document.body.textContent).toContain(text)
      })
      await settle()
    },
    tick: async (label: string) => await act(async () => field(label).click()),
  }
}

interface AuthAnswer {
  readonly status: number
  readonly body?: unknown
}

/** Answers requests below `/api/auth` in turn, and records them. A promise is an answer that comes later. */
export function authAnswers() {
  const sent: { readonly path: string; readonly body: unknown }[] = []
  const answers: (AuthAnswer | Promise<AuthAnswer>)[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push({ path, body: JSON.parse(String(init.body)) })
    const { status, body = {} } = (await answers.shift()) ?? { status: 500, body: null }
    return new Response(JSON.stringify(body), { status })
  })
  return { sent, answers }
}

const refused = (message: string) =>
  new TRPCClientError<AppRouter>(message, {
    result: {
      error: { code: -32003, message, data: { code: 'FORBIDDEN', httpStatus: 403, appCode: 'frozen', details: {} } },
    },
  })
