/** The Electrum protocol on a loopback TCP port: newline-ended JSON-RPC, batches, subscriptions and
 *  notifications, and the transport faults (hang, drop, garbage, huge line, truncation). */
import { type Server, type Socket, createServer } from 'node:net'
import {
  METHODS,
  type MethodContext,
  ProtocolError,
  statusOf,
  tipAnswer,
} from './electrumMethods.ts'

export interface ElectrumServer {
  readonly port: number
  /** Every line received, newest last: what this server was told about its client. */
  received(): readonly string[]
  /** Closes every open connection; new ones are welcome. */
  dropConnections(): void
  close(): Promise<void>
}

interface Connection {
  readonly socket: Socket
  /** Script hash → last status sent. */
  readonly scripts: Map<string, string | null>
  headers: boolean
  lastTip: string
}

interface Request {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

const MAX_LINE = 4_000_000

function readRequest(value: unknown): Request | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, method, params } = { id: undefined, method: undefined, params: [], ...value }
  return typeof method === 'string' && Array.isArray(params) ? { id, method, params } : undefined
}

/** Serves `context.chain` on 127.0.0.1 at a free port. `latencyMs` delays every answer. */
export async function startElectrumServer(
  context: MethodContext,
  latencyMs: number,
): Promise<ElectrumServer> {
  const connections = new Set<Connection>()
  const lines: string[] = []
  const server = createServer((socket) => {
    const connection: Connection = { socket, scripts: new Map(), headers: false, lastTip: '' }
    connections.add(connection)
    socket.setNoDelay(true)
    socket.on('close', () => connections.delete(connection))
    // A client that goes away is no fault of the server's.
    socket.on('error', () => socket.destroy())
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop() ?? ''
      if (rest.length > MAX_LINE) socket.destroy()
      for (const line of parts) {
        lines.push(line)
        handleLine(context, connection, line, latencyMs)
      }
    })
  })
  const stop = context.chain.onChange(() => {
    for (const connection of connections) notify(context, connection)
  })
  const port = await listen(server)
  return {
    port,
    received: () => lines,
    dropConnections: () => {
      for (const { socket } of connections) socket.destroy()
    },
    close: async () => {
      stop()
      for (const { socket } of connections) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return address.port
}

function handleLine(
  context: MethodContext,
  connection: Connection,
  line: string,
  latencyMs: number,
): void {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    sendLine(connection, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'not JSON' } })
    return
  }
  const batch = Array.isArray(parsed)
  const requests = (Array.isArray(parsed) ? parsed : [parsed]).map(readRequest)
  const methods = requests.map((request) => request?.method ?? '')
  if (methods.some((method) => context.faults.take('hang', method) !== undefined)) return
  if (methods.some((method) => context.faults.take('drop', method) !== undefined)) {
    connection.socket.destroy()
    return
  }
  const answers = requests.map((request) => answerRequest(context, connection, request))
  const send = (): void => sendAnswers(context, connection, methods, batch ? answers : answers[0])
  if (latencyMs > 0) setTimeout(send, latencyMs)
  else send()
}

function answerRequest(
  context: MethodContext,
  connection: Connection,
  request: Request | undefined,
): unknown {
  if (request === undefined) {
    return { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'not a request' } }
  }
  const { id: asked, method, params } = request
  const { faults } = context
  const id = faults.take('wrong-id', method) === undefined ? asked : 'nobody'
  try {
    const fault = faults.take('error', method)
    if (fault !== undefined) throw new ProtocolError(-32000, fault.message)
    const run = METHODS.get(method)
    if (run === undefined) throw new ProtocolError(-32601, `unknown method "${method}"`)
    const result = run(context, params)
    subscribe(connection, method, params, result)
    const shape = faults.take('wrong-shape', method)
    return { jsonrpc: '2.0', id, result: shape === undefined ? result : { surprise: [null] } }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { jsonrpc: '2.0', id, error: { code: error.code, message: error.message } }
  }
}

function subscribe(
  connection: Connection,
  method: string,
  params: readonly unknown[],
  result: unknown,
): void {
  if (method === 'blockchain.headers.subscribe') {
    connection.headers = true
    connection.lastTip = JSON.stringify(result)
  }
  if (method === 'blockchain.scripthash.subscribe') {
    connection.scripts.set(String(params[0]), typeof result === 'string' ? result : null)
  }
  if (method === 'blockchain.scripthash.unsubscribe') connection.scripts.delete(String(params[0]))
}

function notify(context: MethodContext, connection: Connection): void {
  if (connection.headers) {
    const tip = tipAnswer(context)
    const text = JSON.stringify(tip)
    if (text !== connection.lastTip) {
      connection.lastTip = text
      const method = 'blockchain.headers.subscribe'
      sendLine(connection, { jsonrpc: '2.0', method, params: [tip] })
    }
  }
  for (const [hash, last] of connection.scripts) {
    const status = statusOf(context.chain.history(hash))
    if (status === last) continue
    connection.scripts.set(hash, status)
    const method = 'blockchain.scripthash.subscribe'
    sendLine(connection, { jsonrpc: '2.0', method, params: [hash, status] })
  }
}

function sendAnswers(
  { faults }: MethodContext,
  connection: Connection,
  methods: readonly string[],
  answers: unknown,
): void {
  const { socket } = connection
  const active = <K extends 'garbage' | 'huge-line' | 'truncated' | 'drop-after-broadcast'>(
    kind: K,
  ) => methods.map((method) => faults.take(kind, method)).find((fault) => fault !== undefined)
  if (active('drop-after-broadcast') !== undefined) {
    socket.destroy()
    return
  }
  if (active('garbage') !== undefined) {
    socket.write('}{ not json at all\n')
    return
  }
  const huge = active('huge-line')
  if (huge !== undefined) {
    socket.write('"'.padEnd(huge.bytes, 'x'))
    return
  }
  if (active('truncated') !== undefined) {
    const text = JSON.stringify(answers)
    socket.end(text.slice(0, Math.ceil(text.length / 2)))
    return
  }
  sendLine(connection, answers)
}

function sendLine({ socket }: Connection, message: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
}
