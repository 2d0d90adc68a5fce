/** Compiles resources/contracts/*.sol with the pinned solc into one JSON artifact beside each source.
 *  Run `node tools/compileContracts.ts` after changing a source; a test refuses a stale artifact.
 *  No metadata hash and no paths in the bytecode, so the same source gives the same bytes anywhere. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import solc from 'solc'
import { z } from 'zod'

export const contractsFolder = fileURLToPath(new URL('../resources/contracts', import.meta.url))

/** Runs on every chain since the merge: no opcode newer than Paris. */
const EVM_VERSION = 'paris'

const contractSchema = z.object({
  abi: z.array(z.unknown()),
  evm: z.object({
    bytecode: z.object({ object: z.string() }),
    deployedBytecode: z.object({ object: z.string() }),
  }),
})
const outputSchema = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).default([]),
  contracts: z.record(z.string(), z.record(z.string(), contractSchema)).default({}),
})

/** The artifact's text for one source file, e.g. 'UsdCoin.sol'. Throws on any warning or error. */
export function compileContract(file: string): string {
  const name = file.replace(/\.sol$/, '')
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(join(contractsFolder, file), 'utf8') } },
    settings: {
      evmVersion: EVM_VERSION,
      optimizer: { enabled: true, runs: 200 },
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: {
        '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] },
      },
    },
  }
  const output = outputSchema.parse(JSON.parse(solc.compile(JSON.stringify(input))))
  if (output.errors.length > 0) {
    throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'))
  }
  const contract = output.contracts[file]?.[name]
  if (contract === undefined) throw new Error(`${file} holds no contract ${name}`)
  const artifact = {
    contract: name,
    compiler: String(solc.version()),
    evmVersion: EVM_VERSION,
    abi: contract.abi,
    bytecode: contract.evm.bytecode.object,
    deployedBytecode: contract.evm.deployedBytecode.object,
  }
  return `${JSON.stringify(artifact, null, 2)}\n`
}

export function contractSources(): readonly string[] {
  return readdirSync(contractsFolder).filter((file) => file.endsWith('.sol'))
}

export function artifactPath(file: string): string {
  return join(contractsFolder, file.replace(/\.sol$/, '.json'))
}

if (import.meta.main) {
  for (const file of contractSources()) {
    writeFileSync(artifactPath(file), compileContract(file))
    console.log(`${file} → ${artifactPath(file)}`)
  }
}
