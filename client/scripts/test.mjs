// Bundles the test files of a folder (the built package and libraries stay outside) and runs
// them with Node's own test runner: `node scripts/test.mjs FOLDER [name filter]`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const [folder, filter = ''] = process.argv.slice(2)
const files = readdirSync(folder).filter((f) => f.endsWith('.test.ts') && f.includes(filter))
const out = join('.build', folder)
mkdirSync(out, { recursive: true })
await build({
  entryPoints: files.map((f) => join(folder, f)), outdir: out, bundle: true, format: 'esm', platform: 'node',
  target: 'node20', packages: 'external', external: ['@pursuit/client', '@pursuit/client/*'], outExtension: { '.js': '.mjs' }, sourcemap: 'inline', logLevel: 'warning',
})
const built = files.map((f) => join(out, f.replace(/\.ts$/, '.mjs')))
const only = process.env.ONLY ? [`--test-name-pattern=${process.env.ONLY}`] : []
const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-concurrency=1', '--test-force-exit', ...only, ...built], { stdio: 'inherit' })
process.exit(run.status ?? 1)
