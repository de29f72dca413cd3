import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeSbom } from './sbom.ts'

// `npm run sbom [file]`: writes the production packages as a CycloneDX document.
const file = path.resolve(process.argv[2] ?? 'sbom.cdx.json')
const sbom = makeSbom()
writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`)
process.stdout.write(`${sbom.components.length} components, CycloneDX ${sbom.specVersion}: ${file}\n`)
