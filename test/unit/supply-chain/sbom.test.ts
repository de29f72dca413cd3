import { expect, test } from 'vitest'
import { lockedPackages, manifest } from '~test/support/supply-chain/locked-packages'
import { makeSbom } from '~test/support/supply-chain/sbom'

const purlOf = (name: string, version: string) => `pkg:npm/${name.replace('@', '%40')}@${version}`

test('the SBOM is CycloneDX and lists exactly the production packages of the lock file, with their hashes', () => {
  const sbom = makeSbom()
  expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: manifest.name } } })
  expect(sbom.specVersion).toMatch(/^1\.[5-9]$/)
  const wanted = new Map(
    lockedPackages
      .filter(({ dev }) => !dev)
      .map(({ name, version, integrity = '' }) => [purlOf(name, version), Buffer.from(integrity.slice(7), 'base64')]),
  )
  expect(sbom.components.map(({ purl }) => purl).toSorted()).toEqual([...wanted.keys()].toSorted())
  for (const { purl, hashes } of sbom.components) {
    expect(hashes, purl).toEqual([{ alg: 'SHA-512', content: wanted.get(purl)?.toString('hex') }])
  }
  const refs = new Set([sbom.metadata.component['bom-ref'], ...sbom.components.map((one) => one['bom-ref'])])
  expect(
    sbom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !refs.has(ref)),
  ).toEqual([])
}, 60_000)
