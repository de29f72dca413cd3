import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import { z } from 'zod'
import { productionBuild } from '~/launch/build/production-build'
import { findOrInstallBrowser } from '~test/support/find-browser'
import { sandboxControl } from '~test/support/sandbox-control'
import { operator } from '~test/support/screenshots/operator'
import { type Product, startProduct } from '~test/support/start-product'

// `npm run test:lighthouse [-- --only=/deploys,/audit --form=mobile --tries=3 --reports=<directory>]`: Lighthouse looks at the pages of the built product,
// signed in, as a desktop and as a phone would load them. Fails if a score is below its goal.

/** Not a dependency: 111 MB and 146 packages, for a test that runs now and then. The last line that runs with Node 20. */
const LIGHTHOUSE = 'lighthouse@12.8.2'
const GOALS = { desktop: 95, mobile: 90 } as const
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const
const SURFACE = 'console-staging'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    form: { type: 'string' },
    reports: { type: 'string' },
    // A page below a goal is measured again, and the best counts: whatever else the machine does only makes a page slower.
    tries: { type: 'string', default: '3' },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const resultSchema = z.object({
  categories: z.record(
    z.enum(CATEGORIES),
    z.object({ auditRefs: z.array(z.object({ id: z.string(), weight: z.number() })) }),
  ),
  /** How fast the machine was, by a loop in the browser. */
  environment: z.object({ benchmarkIndex: z.number() }),
  audits: z.record(
    z.string(),
    z.object({ title: z.string(), score: z.number().nullable(), displayValue: z.string().optional() }),
  ),
})
type Result = z.infer<typeof resultSchema>
type Form = keyof typeof GOALS

/** The console asks search engines to stay away, which Lighthouse takes for a fault: the only audit that is left out, and must fail. */
const MUST_FAIL = 'is-crawlable'

/** As Lighthouse does it: the mean of the audits by weight, of those that apply. */
function scoreOf({ categories, audits }: Result, category: (typeof CATEGORIES)[number]): number {
  const counted = categories[category].auditRefs.flatMap(({ id, weight }) => {
    const score = audits[id]?.score ?? null
    return score === null || weight === 0 || id === MUST_FAIL ? [] : [{ score, weight }]
  })
  const total = counted.reduce((sum, { weight }) => sum + weight, 0)
  return Math.round((100 * counted.reduce((sum, { score, weight }) => sum + score * weight, 0)) / total)
}

const imperfect = ({ categories, audits }: Result): readonly string[] =>
  CATEGORIES.flatMap((category) =>
    categories[category].auditRefs.flatMap(({ id, weight }) => {
      const audit = audits[id]
      if (audit?.score == null || audit.score >= 0.9 || weight === 0 || id === MUST_FAIL) return []
      return [`    ${category}: ${audit.title} (${id}) ${audit.displayValue ?? ''}`]
    }),
  )

if (!productionBuild(path.resolve(import.meta.dirname, '../..')).fits) {
  throw new Error('This test starts the built product: make the build first ("npm run build").')
}
const CHROME_PATH = findOrInstallBrowser(process.env, say)
const chromeFlags = [
  '--headless=new',
  '--disable-dev-shm-usage',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
].join(' ')
const scratch = mkdtempSync(path.join(tmpdir(), 'deploy-console-lighthouse-'))
const reports = values.reports === undefined ? scratch : path.resolve(values.reports)
mkdirSync(reports, { recursive: true })

/** Undefined if Lighthouse could not measure, as when Chrome reports no start of the navigation. */
function measure(url: string, form: Form, headers: string): Result | undefined {
  const name = `${form}-${new URL(url).pathname.replaceAll(/[^a-z0-9]+/g, '-')}`
  const file = path.join(reports, name)
  const args = [
    ...['--yes', LIGHTHOUSE, url, '--quiet', '--output=json', '--output=html', `--output-path=${file}`],
    ...[`--only-categories=${CATEGORIES.join()}`, `--extra-headers=${headers}`, `--chrome-flags=${chromeFlags}`],
    ...(form === 'desktop' ? ['--preset=desktop'] : []),
  ]
  const { status } = spawnSync('npx', args, {
    env: { ...process.env, CHROME_PATH },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) return undefined
  return resultSchema.parse(JSON.parse(readFileSync(`${file}.report.json`, 'utf8')))
}

/** Signs in and ships once, so that each page has something to show. Returns the session’s cookies and the deploy’s id. */
async function prepare(product: Product): Promise<{ readonly cookie: string; readonly deployId: string }> {
  await sandboxControl(product).behave(SURFACE, 'quick')
  const browser = await chromium.launch({ executablePath: CHROME_PATH, args: chromeFlags.split(' ').slice(1) })
  try {
    const page = await browser.newPage()
    const { review, confirm, untilStatus } = operator(page)
    await page.goto(await product.printedLink())
    await page.getByRole('button', { name: 'Start the sandbox' }).click()
    await review(SURFACE)
    await confirm(SURFACE)
    await untilStatus('succeeded')
    const cookies = await page.context().cookies()
    return {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      deployId: new URL(page.url()).searchParams.get('deploy') ?? '',
    }
  } finally {
    await browser.close()
  }
}

const product = await startProduct()
const failed: string[] = []
try {
  const { cookie, deployId } = await prepare(product)
  const headersOf = (signedIn: boolean): string => {
    const file = path.join(scratch, `headers-${signedIn}.json`)
    writeFileSync(file, JSON.stringify(signedIn ? { Cookie: cookie } : {}), { mode: 0o600 })
    return file
  }
  const pages = [
    '/sign-in',
    '/',
    '/lanes',
    '/deploys',
    `/deploys/${deployId}`,
    `/surfaces/${SURFACE}`,
    '/calendar',
    '/freezes',
    '/audit',
    '/people',
  ].filter((page) => values.only === undefined || values.only.split(',').includes(page.replace(deployId, '<id>')))

  for (const form of ['desktop', 'mobile'] as const) {
    if (values.form !== undefined && values.form !== form) continue
    for (const page of pages) {
      const results: Result[] = []
      let tries = 0
      const scores = () => CATEGORIES.map((category) => Math.max(...results.map((result) => scoreOf(result, category))))
      // Without a result, the best score is -Infinity.
      const isBelow = () => scores().some((score) => score < GOALS[form])
      do {
        const result = measure(`${product.url}${page}`, form, headersOf(page !== '/sign-in'))
        if (result !== undefined) results.push(result)
        tries += 1
      } while (isBelow() && tries < Number(values.tries))
      const shown = page.replace(deployId, '<id>')
      if (results.length === 0) {
        failed.push(`${form} ${shown} was not measured`)
        continue
      }
      const named = CATEGORIES.map((category, index) => `${category} ${scores()[index]}`).join(', ')
      const speed = results.map(({ environment }) => environment.benchmarkIndex.toFixed(0)).join(', ')
      say(
        `${form} ${shown}: ${named}; the machine’s benchmark index was ${speed}${results.length > 1 ? ` (the best of ${results.length})` : ''}`,
      )
      for (const line of new Set(results.flatMap(imperfect))) say(line)
      if (isBelow()) failed.push(`${form} ${shown} is below ${GOALS[form]}`)
      if (results.some(({ audits }) => audits[MUST_FAIL]?.score !== 0)) failed.push(`${shown} lets search engines in`)
    }
  }
} finally {
  await product.stop()
  rmSync(scratch, { recursive: true, force: true })
}
for (const line of failed) say(line)
say(failed.length === 0 ? 'Every score reaches its goal.' : `${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
