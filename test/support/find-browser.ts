import { type ExecFileSyncOptions, execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { chromium } from '@playwright/test'

const NAMES = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser']
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/snap/bin/chromium',
]

/** The browser for the end-to-end tests: the one the environment names, an installed one, or Playwright's own download. */
export function findBrowser(env: NodeJS.ProcessEnv): string | undefined {
  for (const name of ['CHROME_PATH', 'CHROMIUM']) {
    const asked = env[name]
    if (asked === undefined || asked === '') continue
    if (executable(asked)) return asked
    throw new Error(
      `${name} is ${asked}, but there is no program there. Unset it, or give the path of a Chrome or Chromium.`,
    )
  }
  const onPath = (env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((directory) => NAMES.map((name) => path.join(directory, name)))
  return [...onPath, ...PLACES, chromium.executablePath()].find(executable)
}

/** Like `findBrowser`, but as root on Debian or a derivative installs the distribution's Chromium if there is none. */
export function findOrInstallBrowser(env: NodeJS.ProcessEnv, say: (text: string) => void): string {
  const found = findBrowser(env)
  if (found !== undefined) return found
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say('no Chrome or Chromium is installed; installing the Debian package "chromium" (a minute or two)')
    const quiet: NodeJS.ProcessEnv = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
    const options: ExecFileSyncOptions = { env: quiet, stdio: ['ignore', 'ignore', 'inherit'] }
    execFileSync('apt-get', ['update', '-q'], options)
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options)
    const installed = findBrowser(env)
    if (installed !== undefined) return installed
  }
  throw new Error(
    'The end-to-end tests need Chrome or Chromium, and none was found. Get one by any of:\n' +
      '  sudo apt-get install chromium   (Debian; Ubuntu: sudo snap install chromium; macOS: brew install --cask chromium)\n' +
      '  npx playwright install chromium\n' +
      '  CHROME_PATH=/path/to/chrome npm test',
  )
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
