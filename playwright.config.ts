import { defineConfig, devices } from '@playwright/test'
import { findBrowser } from './test/support/find-browser'
import { keepScratchInMemory } from './test/support/scratch'

keepScratchInMemory(process.env)

const executablePath = findBrowser(process.env)

/** Chrome obeys only the last of several --disable-features, so this list replaces Playwright's. */
const DISABLED_FEATURES = [
  'OptimizationHints',
  'MediaRouter',
  'Translate',
  // As Playwright does: these change what pages and their navigations do.
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  // As Playwright does: Chrome's own traffic.
  'LensOverlay',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  // For each window Chrome loads the suggestions of an address bar that no test sees: half a second of CPU.
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
]

/** Chrome's own traffic (updates, reports, suggestions) has no place in a test; root cannot have Chrome's sandbox. */
const args = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
  '--metrics-recording-only',
  `--disable-features=${DISABLED_FEATURES.join(',')}`,
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-dev-shm-usage',
]

export default defineConfig({
  testDir: 'test/e2e',
  globalSetup: './test/support/migrated-data.ts',
  outputDir: 'test-results',
  timeout: 180_000,
  expect: { timeout: 30_000 },
  // Each starts a product of its own. Two take about as long as the integration tests, beside which `npm test` runs them.
  workers: 2,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    // Pictures of every moment would cost more than the tests themselves, copies of every page a sixth of the browser's CPU time.
    // `npx playwright test --trace on <file>` records both.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    screenshot: 'only-on-failure',
    // What breathes on the screen is drawn by the processor, sixty times a second.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: { args, ...(executablePath === undefined ? {} : { executablePath }) },
  },
  projects: [{ name: 'chromium', use: { ...devices['Desktop Chrome'] } }],
})
