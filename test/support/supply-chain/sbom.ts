import { spawnSync } from 'node:child_process'
import { z } from 'zod'
import { lockedPackages, manifest, projectDirectory } from './locked-packages.ts'

const component = z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string(), purl: z.string() })
const sbomSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z.looseObject({ component }),
  components: z.array(
    component.extend({ hashes: z.array(z.object({ alg: z.string(), content: z.string() })).default([]) }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
})
type Sbom = z.output<typeof sbomSchema>

/** npm's own CycloneDX document of the production packages, from the lock file alone: no network, any platform. */
export function makeSbom(): Sbom {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd: projectDirectory,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`npm sbom failed: ${error?.message ?? stderr}`)
  const sbom = sbomSchema.parse(JSON.parse(stdout))
  // npm names the project after its directory.
  sbom.metadata.component.name = manifest.name
  return ofProduction(sbom)
}

/**
 * `--omit=dev` is not enough: it also omits production packages that another package needs for its own development (in npm
 * 11.19: zod, yaml and tsx). The lock file distinguishes them.
 */
function ofProduction(sbom: Sbom): Sbom {
  const production = new Set(lockedPackages.filter(({ dev }) => !dev).map(({ name, version }) => `${name}@${version}`))
  const components = sbom.components.filter(({ name, version }) => production.has(`${name}@${version}`))
  const kept = new Set([sbom.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
  const dependencies = sbom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }))
  return { ...sbom, components, dependencies }
}
