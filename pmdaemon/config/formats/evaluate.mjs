// Evaluates a JavaScript configuration, and writes what it says, as a line of JSON, to a descriptor.
//
//     node evaluate.mjs DESCRIPTOR FILE               a module: what it exports
//     node evaluate.mjs DESCRIPTOR FILE expression    an expression, on standard input
//
// Whatever is thrown is left to node, which says where.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { runInThisContext } from 'node:vm'

const [descriptor, file, kind] = process.argv.slice(2)

async function configuration() {
  if (kind === 'expression') return runInThisContext(`(${readFileSync(0, 'utf8')}\n)`, { filename: file })
  const module = await import(pathToFileURL(file))
  const exported = module.default ?? { ...module }
  return exported.__esModule ? exported.default ?? exported : exported
}

let value = await configuration()
if (typeof value === 'function') value = await value()
// No line end is in JSON itself: it says that this is all, whoever else holds the descriptor.
writeFileSync(Number(descriptor), `${JSON.stringify(await value) ?? 'null'}\n`)
process.exit()
