import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'undici'
import { z } from 'zod'

// Firefox speaks WebDriver BiDi by itself (https://www.w3.org/TR/webdriver-bidi), so this needs no driver and no package.

const PROGRAMS = ['firefox-esr', 'firefox']

/** Nothing of Firefox's own traffic, pages and questions. */
const PREFERENCES = {
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.enabled': false,
  // Tab reaches links and buttons on every system.
  'accessibility.tabfocus': 7,
  // A screen at rest is what pictures are about.
  'ui.prefersReducedMotion': 1,
} as const

const KEYS: Readonly<Record<string, string>> = {
  Shift: '\uE008',
  Control: '\uE009',
  Tab: '\uE004',
  Enter: '\uE007',
  Escape: '\uE00C',
  Space: ' ',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
}

const message = z.union([
  z.object({ type: z.literal('success'), id: z.number(), result: z.unknown() }),
  z.object({ type: z.literal('error'), id: z.number().nullable(), error: z.string(), message: z.string() }),
  z.object({ type: z.literal('event'), method: z.string(), params: z.unknown() }),
])
const logEntry = z.object({ level: z.string(), text: z.string().nullable() })
const evaluated = z.discriminatedUnion('type', [
  z.object({ type: z.literal('success'), result: z.object({ value: z.unknown() }) }),
  z.object({ type: z.literal('exception'), exceptionDetails: z.object({ text: z.string() }) }),
])
const created = z.object({ context: z.string() })

export function findOrInstallFirefox(say: (text: string) => void): string {
  const find = () => PROGRAMS.find((program) => spawnSync(program, ['--version']).error === undefined)
  const found = find()
  if (found !== undefined) return found
  say('Firefox is not installed; installing the package of the system …')
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'firefox-esr'], { stdio: 'ignore' })
  const installed = find()
  if (installed === undefined) throw new Error('Firefox was not found. Install it, and start the test again.')
  return installed
}

/** A Firefox without a window and with a new profile, and one tab of it. */
export async function startFirefox(program: string) {
  const profile = mkdtempSync(path.join(tmpdir(), 'deploy-console-firefox-'))
  const preferences = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
  )
  writeFileSync(path.join(profile, 'user.js'), preferences.join('\n'))
  const child = spawn(program, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'], {
    // Everything that Firefox keeps is in the profile.
    env: { ...process.env, HOME: profile, MOZ_HEADLESS_WIDTH: '1280', MOZ_HEADLESS_HEIGHT: '900' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { send, errors, close } = await connect(await addressOf(child))
  await send('session.new', { capabilities: {} })
  await send('session.subscribe', { events: ['log.entryAdded'] })
  // The window of the start never has the focus, and so shows no ring.
  const { context } = created.parse(await send('browsingContext.create', { type: 'window' }))
  await send('browsingContext.activate', { context })

  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = evaluated.parse(
      await send('script.evaluate', { expression, target: { context }, awaitPromise: true }),
    )
    if (answer.type === 'success') return answer.result.value
    throw new Error(`${answer.exceptionDetails.text}: ${expression}`)
  }
  const act = (actions: readonly { readonly type: 'keyDown' | 'keyUp'; readonly value: string }[]) =>
    send('input.performActions', { context, actions: [{ type: 'key', id: 'keyboard', actions }] })
  const until = async (expression: string, withinMs = 30_000): Promise<void> => {
    const end = performance.now() + withinMs
    // A page that is being left answers with an error.
    while ((await evaluate(`Boolean(${expression})`).catch(() => false)) !== true) {
      if (performance.now() > end) throw new Error(`Not so after ${withinMs} ms: ${expression}`)
      await pause(100)
    }
  }
  /** `Control+k`, `Enter`, `a`. */
  const press = async (combination: string): Promise<void> => {
    const values = combination.split('+').map((key) => KEYS[key] ?? key)
    await act([
      ...values.map((value) => ({ type: 'keyDown', value }) as const),
      ...values.toReversed().map((value) => ({ type: 'keyUp', value }) as const),
    ])
  }
  return {
    /** What the page’s console says is wrong. */
    errors,
    evaluate,
    until,
    press,
    goto: (url: string) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    type: async (text: string): Promise<void> => {
      for (const letter of text) await press(letter)
    },
    /** Presses Tab until the element with the focus, `it`, is as described. */
    tabTo: async (expression: string): Promise<void> => {
      for (let pressed = 0; pressed < 80; pressed += 1) {
        if (
          (await evaluate(`((it) => it !== document.body && Boolean(${expression}))(document.activeElement)`)) === true
        )
          return
        await press('Tab')
      }
      throw new Error(`Tab does not lead to an element with ${expression}`)
    },
    resize: (width: number, height: number) =>
      send('browsingContext.setViewport', { context, viewport: { width, height } }),
    picture: async (file: string): Promise<void> => {
      const { data } = z
        .object({ data: z.string() })
        .parse(await send('browsingContext.captureScreenshot', { context }))
      writeFileSync(file, data, 'base64')
    },
    stop: async (): Promise<void> => {
      const ended = once(child, 'exit')
      close()
      child.kill('SIGTERM')
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Firefox prints the address of its protocol. */
function addressOf(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('Firefox has no output.')
  const lines = createInterface({ input: child.stderr })
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(`${address}/session`)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`Firefox ended (${code}) before it listened.`)))
  })
}

async function connect(address: string) {
  const socket = new WebSocket(address)
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const errors: string[] = []
  let sent = 0
  socket.addEventListener('message', ({ data }) => {
    const told = message.parse(JSON.parse(z.string().parse(data)))
    if (told.type === 'event') {
      const { level, text } = logEntry.parse(told.params)
      if (level === 'error') errors.push(text ?? '')
    } else if (told.id !== null) {
      const one = waiting.get(told.id)
      waiting.delete(told.id)
      if (told.type === 'success') one?.resolve(told.result)
      else one?.reject(new Error(`${told.error}: ${told.message}`))
    }
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error(`No connection to ${address}.`)))
  })
  return {
    errors,
    close: () => socket.close(),
    send: (method: string, params: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        sent += 1
        waiting.set(sent, { resolve, reject })
        socket.send(JSON.stringify({ id: sent, method, params }))
      }),
  }
}
