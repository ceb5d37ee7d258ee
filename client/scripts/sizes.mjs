// Holds the bundles to their sizes: minified and gzipped, peers outside.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { transform } from 'esbuild'

const limits = { index: 12 * 1024, rxdb: 5 * 1024, watermelondb: 5 * 1024, dexie: 5 * 1024, memory: 5 * 1024 }
let failed = false
for (const [name, limit] of Object.entries(limits)) {
  const { code } = await transform(readFileSync(`dist/${name}.js`, 'utf8'), { minify: true, target: 'es2022' })
  const size = gzipSync(code, { level: 9 }).length
  const over = size >= limit
  failed ||= over
  console.log(`${over ? 'TOO LARGE' : 'ok'}  ${name}  ${size} of ${limit} bytes`)
}
process.exit(failed ? 1 : 0)
