import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { productionBuild } from '~/launch/build/production-build'
import { findOrInstallFirefox, startFirefox } from '~test/firefox/firefox'
import { sandboxControl } from '~test/support/sandbox-control'
import { startProduct } from '~test/support/start-product'

// `npm run test:firefox [-- --pictures=<directory>]`: an operator with a keyboard signs in, deploys and follows in Firefox, to the built product.

const SURFACE = 'console-staging'
const { values } = parseArgs({ options: { pictures: { type: 'string' } } })
const say = (text: string): void => void process.stdout.write(`${text}\n`)

if (!productionBuild(path.resolve(import.meta.dirname, '../..')).fits) {
  throw new Error('This test starts the built product: make the build first ("npm run build").')
}
const program = findOrInstallFirefox(say)
const product = await startProduct()
const firefox = await startFirefox(program)
const { evaluate, until, press, tabTo, type } = firefox

/** Runs a check and prints it. Each builds on those before, so the first failure ends the run. */
async function check(sentence: string, work: () => Promise<void>): Promise<void> {
  await work()
  assert.deepEqual(firefox.errors, [], 'errors in the browser’s console')
  say(`✓ ${sentence}`)
}
const shows = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})?.checkVisibility()`
const isNamed = (name: string): string => `(it.ariaLabel ?? it.textContent).trim().startsWith(${JSON.stringify(name)})`
const picture = async (name: string): Promise<void> => {
  if (values.pictures === undefined) return
  mkdirSync(values.pictures, { recursive: true })
  await firefox.picture(path.join(values.pictures, `${name}.png`))
}
/** The focus must be seen wherever it is. */
const expectFocusRing = async (): Promise<void> => {
  const outline = await evaluate(`(() => {
    const rings = [document.activeElement, ...document.querySelectorAll('[data-surface], label')]
    return rings.some((one) => one.matches(':focus-visible, :has(:focus-visible)') && getComputedStyle(one).outlineStyle !== 'none')
  })()`)
  const focused = await evaluate('document.activeElement.outerHTML.slice(0, 200)')
  assert.equal(outline, true, `the element with the focus has a ring: ${focused}`)
}

try {
  await sandboxControl(product).behave(SURFACE, 'quick')
  const version = async () => await sandboxControl(product).versionOf(SURFACE)
  const before = await version()

  await check('signs in with the printed link', async () => {
    await firefox.goto(await product.printedLink())
    await tabTo(isNamed('Start the sandbox'))
    await expectFocusRing()
    await press('Enter')
    await until(shows(`[data-surface="${SURFACE}"]`))
  })
  await check('the arrow keys move over the tiles, and the focus is seen', async () => {
    await tabTo(`it.hasAttribute('data-tile-focus')`)
    const first = await evaluate('document.activeElement.dataset.tileFocus')
    await press('ArrowRight')
    await until(`document.activeElement.dataset.tileFocus !== ${JSON.stringify(first)}`)
    await expectFocusRing()
    await picture('grid')
  })
  await check('the palette opens the dialog of a surface, with the focus in the ref', async () => {
    await press('Control+k')
    await until(shows('[role="dialog"] [role="option"]'))
    await type(`deploy ${SURFACE}`)
    await until(`document.querySelector('[role="option"]')?.textContent.includes(${JSON.stringify(SURFACE)})`)
    await press('Enter')
    await until(`document.activeElement.getAttribute('role') === 'combobox' && location.search.includes('${SURFACE}')`)
    await until(shows('[role="dialog"] [role="option"]'))
    await picture('choose')
  })
  await check('reviews, types the name and deploys', async () => {
    await press('Enter')
    await until(
      `[...document.querySelectorAll('[role="dialog"] button')].some((one) => one.textContent === 'Continue' && one.getAttribute('aria-disabled') !== 'true')`,
    )
    await tabTo(isNamed('Continue'))
    await press('Enter')
    await tabTo(`it.id === 'deploy-confirm'`)
    await type(SURFACE)
    await picture('confirm')
    await tabTo(`it.textContent === 'Deploy' && !it.disabled`)
    await press('Enter')
    await until(shows('[role="dialog"] [data-status]'))
  })
  await check('follows the deploy until it has succeeded, with all four phases', async () => {
    await until(shows('[role="dialog"] [data-status="succeeded"]'), 120_000)
    const phases = await evaluate(
      `[...document.querySelectorAll('[role="dialog"] [data-phase]')].map((one) => one.dataset.state).join()`,
    )
    assert.equal(phases, 'done,skipped,done,done')
    assert.notEqual(await version(), before)
    await picture('succeeded')
  })
  await check('opens the deploy as a page, with its timeline', async () => {
    await tabTo(isNamed('Open this deploy as a page'))
    await press('Enter')
    await until(`location.pathname.startsWith('/deploys/')`)
    await until(shows('[aria-label="Timeline"]'))
    await picture('deploy-page')
  })
  await check('keys lead to pages, and ? lists them and returns the focus', async () => {
    await press('g')
    await press('c')
    await until(`document.querySelector('h1')?.textContent === 'Calendar'`)
    await until(shows('[data-day]'))
    await picture('calendar')
    await press('g')
    await press('s')
    await until(shows(`[data-surface="${SURFACE}"]`))
    await tabTo(`it.hasAttribute('data-tile-focus')`)
    await press('?')
    await until(shows('[role="dialog"]'))
    await press('Escape')
    await until(`document.querySelector('[role="dialog"]') === null`)
    await until(`document.activeElement.hasAttribute('data-tile-focus')`)
  })
  await check('nothing is wider than a phone of 360 px', async () => {
    await firefox.resize(360, 740)
    for (const page of ['/', '/deploys', '/lanes', '/calendar', '/freezes', '/audit', '/people', '/health']) {
      await firefox.goto(`${product.url}${page}`)
      await until(`document.querySelector('h1') && !document.querySelector('[aria-busy="true"]')`)
      assert.equal(await evaluate('document.documentElement.scrollWidth <= innerWidth'), true, page)
      assert.deepEqual(firefox.errors, [], page)
    }
    await firefox.goto(product.url)
    await until(shows(`[data-surface="${SURFACE}"]`))
    await evaluate(`document.documentElement.dataset.theme = 'dark'`)
    await picture('grid-phone-dark')
  })
  say('Firefox: everything works.')
} finally {
  await firefox.stop()
  await product.stop()
}
