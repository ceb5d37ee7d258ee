// Packs the package, installs it into an empty folder beside its peers, and imports every entry
// both ways. Fails on anything in the package that is not built code, types or the README.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'pursuit-pack-'))
try {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { stdio: ['ignore', 'pipe', 'ignore'] }))
  const odd = packed.files.map((f) => f.path).filter((p) => !/^(package\.json|README\.md|dist\/[\w-]+\.c?js|dist\/types\/[\w/-]+\.d\.c?ts)$/.test(p))
  if (odd.length > 0) throw new Error(`not meant to be packed: ${odd.join(', ')}`)
  const home = join(folder, 'node_modules', '@pursuit', 'client')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', home, '--strip-components=1'])
  for (const peer of ['rxdb', 'rxjs', 'dexie', '@nozbe']) symlinkSync(resolve('node_modules', peer), join(folder, 'node_modules', peer))
  const entries = ['', '/memory', '/dexie', '/rxdb', '/watermelondb'].map((e) => `@pursuit/client${e}`)
  const node = (...args) => execFileSync(process.execPath, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  node('--input-type=module', '-e', entries.map((e) => `await import('${e}')`).join(';'))
  node('--input-type=commonjs', '-e', entries.map((e) => `require('${e}')`).join(';'))
  console.log(`ok  ${packed.filename}: ${packed.files.length} files, ${packed.size} bytes`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
