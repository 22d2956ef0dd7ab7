/*
 * The entry of the program that tests start: `src/main.ts` for them. V8 keeps what a run has compiled in a file beside
 * each module, all functions that it came to call included, which Node's own cache lacks: an apply takes a
 * seventh less time. `bundle.ts` makes these files by one run in which ROLLCALL_TEST_KEEP is set.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { Script, constants } from 'node:vm';

const { ROLLCALL_TEST_KEEP: keeps } = process.env;
const compiled = new Map();

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

Module.prototype._compile = function compile(source, filename) {
  const cache = `${filename}.cache`;
  const script = new Script(Module.wrap(source), {
    filename,
    cachedData: readIfThere(cache),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  compiled.set(cache, script);
  const folder = path.dirname(filename);
  return script
    .runInThisContext()
    .call(this.exports, this.exports, createRequire(filename), this, filename, folder);
};

if (keeps !== undefined) {
  process.on('exit', () => {
    for (const [cache, script] of compiled) writeFileSync(cache, script.createCachedData());
  });
}

const { runProgram } = createRequire(import.meta.url)('./program/run-program.js');
process.exitCode = await runProgram(process.argv.slice(2));
