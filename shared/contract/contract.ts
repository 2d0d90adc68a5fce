/** The one table of methods. A duplicate name is a duplicate key and does not compile; a key that is not
 *  its method's name does not either. */
import type { Method } from './method.ts'
import {
  airGapAnswer,
  airGapDescribe,
  airGapPlan,
  airGapReadFrames,
  airGapRequest,
} from './methods/airgap.ts'
import { vaultActivity } from './methods/activity.ts'
import { deviceAnswer, deviceChoose } from './methods/device.ts'
import { journalExport, journalList, journalVerify } from './methods/journal.ts'
import { messagesDescribe, messagesSign, messagesVerify } from './methods/messages.ts'
import { namesLookup, namesResolve } from './methods/names.ts'
import { paymentCheckAddress, paymentFeeRates } from './methods/payment.ts'
import { portfolioRead, portfolioRefresh } from './methods/portfolio.ts'
import {
  evmAddChain,
  evmRemoveChain,
  settingsRead,
  settingsWritePolicy,
  venuesConnect,
  venuesDisconnect,
} from './methods/settings.ts'
import { serversCheck, serversRead, serversWrite } from './methods/servers.ts'
import { statusRead } from './methods/status.ts'
import { systemReconcile } from './methods/system.ts'
import {
  transfersApprove,
  transfersBoost,
  transfersCancel,
  transfersCancelOnChain,
  transfersConsolidate,
  transfersExport,
  transfersList,
  transfersPlan,
  transfersRead,
  transfersResolve,
  transfersSpeedUp,
} from './methods/transfers.ts'
import {
  vaultAddAccount,
  vaultExportDescriptors,
  vaultExportLabels,
  vaultFindAccounts,
  vaultImportAccount,
  vaultRemoveAccount,
  vaultRenameAccount,
  vaultUseForSweeps,
  vaultImportLabels,
  vaultNoteCoin,
  vaultPair,
  vaultRead,
  vaultShowAddress,
} from './methods/vault.ts'

type Named<T> = {
  readonly [K in keyof T]: T[K] extends Method<infer Name> ? (K extends Name ? T[K] : never) : never
}

/** Ties each key to its method. */
export function defineContract<const T extends Record<string, Method>>(methods: T & Named<T>): T {
  return methods
}

export const contract = defineContract({
  'status.read': statusRead,
  'portfolio.read': portfolioRead,
  'portfolio.refresh': portfolioRefresh,
  'vault.read': vaultRead,
  'vault.pair': vaultPair,
  'vault.addAccount': vaultAddAccount,
  'vault.findAccounts': vaultFindAccounts,
  'vault.importAccount': vaultImportAccount,
  'vault.renameAccount': vaultRenameAccount,
  'vault.removeAccount': vaultRemoveAccount,
  'vault.useForSweeps': vaultUseForSweeps,
  'vault.exportDescriptors': vaultExportDescriptors,
  'vault.showAddress': vaultShowAddress,
  'vault.noteCoin': vaultNoteCoin,
  'vault.exportLabels': vaultExportLabels,
  'vault.importLabels': vaultImportLabels,
  'vault.activity': vaultActivity,
  'names.resolve': namesResolve,
  'names.lookup': namesLookup,
  'payment.feeRates': paymentFeeRates,
  'payment.checkAddress': paymentCheckAddress,
  'transfers.list': transfersList,
  'transfers.read': transfersRead,
  'transfers.plan': transfersPlan,
  'transfers.boost': transfersBoost,
  'transfers.consolidate': transfersConsolidate,
  'transfers.approve': transfersApprove,
  'transfers.cancel': transfersCancel,
  'transfers.resolve': transfersResolve,
  'transfers.speedUp': transfersSpeedUp,
  'transfers.cancelOnChain': transfersCancelOnChain,
  'transfers.export': transfersExport,
  'airGap.request': airGapRequest,
  'airGap.readFrames': airGapReadFrames,
  'airGap.answer': airGapAnswer,
  'airGap.describe': airGapDescribe,
  'airGap.plan': airGapPlan,
  'messages.describe': messagesDescribe,
  'messages.sign': messagesSign,
  'messages.verify': messagesVerify,
  'device.answer': deviceAnswer,
  'device.choose': deviceChoose,
  'journal.list': journalList,
  'journal.verify': journalVerify,
  'journal.export': journalExport,
  'system.reconcile': systemReconcile,
  'settings.read': settingsRead,
  'settings.writePolicy': settingsWritePolicy,
  'evm.addChain': evmAddChain,
  'evm.removeChain': evmRemoveChain,
  'servers.read': serversRead,
  'servers.write': serversWrite,
  'servers.check': serversCheck,
  'venues.connect': venuesConnect,
  'venues.disconnect': venuesDisconnect,
})

export type Contract = typeof contract
export type MethodName = keyof Contract

export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(contract, name)
}
