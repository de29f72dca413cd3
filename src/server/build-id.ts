import 'server-only'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const file = path.resolve('.next/BUILD_ID')

/** Another for each build, the same for all its replicas: what the product makes of the same rows may differ between builds. */
export const buildId = existsSync(file) ? readFileSync(file, 'utf8') : 'not built'
