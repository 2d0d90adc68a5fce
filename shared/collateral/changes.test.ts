import { describe, expect, it } from 'vitest'
import { applyTransfer } from './applyTransfer.ts'
import { closePosition, profitAtMark } from './closePosition.ts'
import { account, cash, decimal, position } from './snapshot.fixture.ts'

describe('applyTransfer', () => {
  it('changes wallet and withdrawable exactly, and never lets the latter go under zero', () => {
    const before = account({
      collaterals: [cash(0, { wallet: decimal('0.3'), withdrawable: decimal('0.1') })],
    })
    const more = applyTransfer(before, 'USDC', decimal('0.1'))
    expect(more.collaterals[0]).toMatchObject({ wallet: '0.4', withdrawable: '0.2' })
    const less = applyTransfer(before, 'USDC', decimal('-0.2'))
    expect(less.collaterals[0]).toMatchObject({ wallet: '0.1', withdrawable: '0' })
  })

  it('drops the venue’s cross prices, which no longer hold, and keeps isolated ones', () => {
    const said = { reportedLiquidation: decimal(1) }
    const before = account({
      positions: [position(said), position({ ...said, symbol: 'I', marginMode: 'isolated' })],
    })
    const after = applyTransfer(before, 'USDC', decimal('1'))
    expect(after.positions.map((held) => held.reportedLiquidation)).toEqual([
      null,
      '1.000000000000',
    ])
  })

  it('brings in an asset the account did not have, its price unknown', () => {
    const after = applyTransfer(account(), 'ETH', decimal('2'))
    expect(after.collaterals[1]).toMatchObject({ asset: 'ETH', wallet: '2', priceUsd: null })
  })

  it('moves the reported totals by what the asset is worth', () => {
    const before = account({
      reported: { equity: decimal('100'), maintenance: decimal('1'), withdrawable: decimal('10') },
    })
    const after = applyTransfer(before, 'USDC', decimal('-20'))
    expect(after.reported).toEqual({ equity: '80', maintenance: '1', withdrawable: '0' })
  })
})

describe('closePosition', () => {
  it('puts the profit into the wallet and takes the position away', () => {
    const before = account({
      collaterals: [cash(100)],
      positions: [
        position({ side: 'short', entry: decimal(100), mark: decimal(90), size: decimal(3) }),
      ],
    })
    const after = closePosition(before, 'BTCUSDC:both')
    expect(after?.positions).toEqual([])
    expect(Number(after?.collaterals[0]?.wallet)).toBe(130)
  })

  it('closes the cross one where a symbol is held both ways', () => {
    const isolated = position({ marginMode: 'isolated', isolatedWallet: decimal(7) })
    const after = closePosition(account({ positions: [isolated, position()] }), 'BTCUSDC:both')
    expect(after?.positions).toEqual([isolated])
  })

  it('returns what an isolated position held', () => {
    const before = account({
      collaterals: [cash(100)],
      positions: [position({ marginMode: 'isolated', isolatedWallet: decimal(7) })],
    })
    expect(Number(closePosition(before, 'BTCUSDC:both')?.collaterals[0]?.wallet)).toBe(107)
  })

  it('counts an inverse profit in coins', () => {
    const held = position({
      contractType: 'inverse',
      size: decimal(100),
      entry: decimal(50),
      mark: decimal(100),
    })
    expect(Number(profitAtMark(held))).toBe(1)
    expect(Number(profitAtMark({ ...held, side: 'short' }))).toBe(-1)
  })

  it('knows nothing of a position that is not there, or settles in what is not held', () => {
    expect(closePosition(account(), 'BTCUSDC:both')).toBeUndefined()
    const other = account({ positions: [position({ settle: 'USDT' })] })
    expect(closePosition(other, 'BTCUSDC:both')).toBeUndefined()
  })
})
