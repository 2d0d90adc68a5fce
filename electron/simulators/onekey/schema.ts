/** OneKey's wire messages, protocol v1: names and type numbers to bytes and back.
 *  Source: the message schema that OneKey ships as JSON with its SDK; encoded by a protobufjs of our
 *  own, since the SDK's transport alters the one it uses. 64-bit numbers are decimal text. */
import messages from '@onekeyfe/hd-core/src/data/messages/messages.json' with { type: 'json' }
import protobuf from 'protobufjs/light.js'
import { z } from 'zod'

/** Every answer to a TxRequest travels as message 22 and is read with the widest of its forms. */
const TX_ACK = 22

export interface WireMessage {
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface WireSchema {
  decode(typeId: number, payload: Uint8Array): WireMessage
  encode(name: string, body: Record<string, unknown>): { typeId: number; payload: Uint8Array }
}

export function loadWireSchema(): WireSchema {
  const root = protobuf.Root.fromJSON(messages)
  const types = root.lookupEnum('MessageType')
  const nameOf = (typeId: number): string => {
    const name = types.valuesById[typeId]
    if (name === undefined) throw new Error(`unknown message type ${typeId}`)
    return name.replace('MessageType_', '')
  }
  return {
    decode(typeId, payload) {
      const name = typeId === TX_ACK ? 'TxAck' : nameOf(typeId)
      const type = root.lookupType(name)
      const body: unknown = type.toObject(type.decode(payload), {
        defaults: true,
        arrays: true,
        longs: String,
        enums: String,
      })
      return { name, body: z.record(z.string(), z.unknown()).parse(body) }
    },
    encode(name, body) {
      const type = root.lookupType(name)
      const typeId = types.values[`MessageType_${name}`]
      if (typeId === undefined) throw new Error(`message ${name} has no type number`)
      return { typeId, payload: type.encode(type.fromObject(body)).finish() }
    },
  }
}
