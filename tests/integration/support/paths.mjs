// Where the things under test are. CTest says it by environment; by hand the release build is used.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const source = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
export const inboxd = process.env.INBOXD ?? path.join(source, 'build/release/inboxd')
export const storeDumpTool = process.env.STORE_DUMP ?? path.join(source, 'build/release/tests/tools/store_dump')
export const rabbitmqNode = path.join(source, 'scripts/rabbitmq-node')
export const freePort = path.join(source, 'scripts/free-port')
