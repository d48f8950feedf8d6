// Child processes that never outlive the test, however it ends.
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { within } from './wait.mjs'

const undo = new Set()
const going = new Set()

// Ends the programs that a failed test has left running: they would keep this process from ending.
export function endLeftovers() {
  for (const program of going) program.signal('SIGKILL')
}

// Registers what must happen when this process ends, unless it is taken back by the function returned.
export function atExit(act) {
  undo.add(act)
  return () => undo.delete(act)
}

function finish() {
  for (const act of [...undo].reverse()) {
    try {
      act()
    } catch {
      // The rest must still be undone.
    }
  }
  undo.clear()
}

process.on('exit', finish)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

// CTest would kill this process without a chance to clean up, so it ends by itself before that.
const limit = Number(process.env.TEST_DEADLINE_SECONDS ?? 300)
setTimeout(() => {
  console.error(`the test file took longer than ${limit} s`)
  process.exit(1)
}, limit * 1000).unref()

// Runs a program to its end: { code, stdout, stderr }.
export async function run(program, args, { env, input, deadline = 60_000 } = {}) {
  const promise = promisify(execFile)(program, args, { env, timeout: deadline, maxBuffer: 1 << 30 })
  if (input !== undefined) promise.child.stdin.end(input)
  try {
    return { code: 0, ...(await promise) }
  } catch (error) {
    if (typeof error.code !== 'number') throw error
    return { code: error.code, stdout: error.stdout, stderr: error.stderr }
  }
}

// The same, for a program that must succeed: its standard output.
export async function output(program, args, options) {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args[0]}: exit ${code}\n${stderr}`)
  return stdout
}

// A program that goes on. `text` is what it has said so far, on both streams.
export class Running {
  text = ''
  #child
  #forget
  ended // resolves to { code, signal }

  constructor(program, args, { env, onText } = {}) {
    this.#child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.pid = this.#child.pid
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (chunk) => {
        this.text += chunk
        onText?.(chunk)
      })
    }
    this.#forget = atExit(() => this.#child.kill('SIGKILL'))
    going.add(this)
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => {
        this.#forget()
        going.delete(this)
        this.over = true
        resolve({ code, signal })
      })
    })
    this.ended.catch(() => {})
  }

  signal(name) {
    return this.#child.kill(name)
  }

  // Sends a signal and waits for the end: { code, signal }.
  async end(name, deadline = 30_000) {
    if (!this.over) this.signal(name)
    return within(`the end of process ${this.pid} by ${name}`, this.ended, deadline)
  }
}
