/** Shapes of the coin selectors that bring no types, or types of a package that is not ours to import. */

declare module 'coinselect' {
  interface Coin {
    readonly value: number
    readonly script: { readonly length: number }
  }
  interface Output {
    readonly value: number
    readonly script?: { readonly length: number }
  }
  export default function coinSelect<C extends Coin>(
    utxos: readonly C[],
    outputs: readonly Output[],
    feeRate: number,
  ): { readonly inputs?: readonly C[]; readonly outputs?: readonly Output[]; readonly fee: number }
}

declare module '@bitcoinerlab/coinselect' {
  interface OutputInstance {
    isSegwit(): boolean
    inputWeight(): number
    outputWeight(): number
  }
  interface OutputWithValue {
    readonly output: OutputInstance
    readonly value: number
  }
  export function coinselect<C extends OutputWithValue>(request: {
    readonly utxos: readonly C[]
    readonly targets: readonly OutputWithValue[]
    readonly remainder: OutputInstance
    readonly feeRate: number
  }):
    | {
        readonly utxos: readonly C[]
        readonly targets: readonly OutputWithValue[]
        readonly fee: number
      }
    | undefined
}
