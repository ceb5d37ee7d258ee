// Makes src/core/openapi.ts from the server's document, or with --check fails when it is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'

const source = new URL('../../api/openapi.yaml', import.meta.url)
const target = new URL('../src/core/openapi.ts', import.meta.url)
const made = `// Made by scripts/types.mjs from api/openapi.yaml; do not edit.\n${astToString(await openapi(source, { silent: true }))}`
if (!process.argv.includes('--check')) {
  writeFileSync(target, made)
} else if (readFileSync(target, 'utf8') !== made) {
  console.error('src/core/openapi.ts is not what api/openapi.yaml says: run `npm run types`')
  process.exit(1)
} else {
  console.log('ok  types are those of api/openapi.yaml')
}
