/** What the device shows, as data: a title and label–value lines in OneKey's own words, English and
 *  Chinese. Values are full: no shortened address, no rounded amount. */

export type DeviceLanguage = 'en' | 'zh'

/** OneKey's words ('{}' takes the network or coin), and the few of the demo itself. */
const WORDS = {
  idle: { en: 'Bulkhead demo device', zh: 'Bulkhead 演示设备' },
  unplugged: { en: 'Unplugged', zh: '已拔出' },
  bootloader: { en: 'Update Mode', zh: '更新模式' },
  wait: { en: 'Please Wait', zh: '请稍候' },
  transaction: { en: '{} Transaction', zh: '{} 交易' },
  confirmTransaction: { en: 'Confirm Transaction', zh: '确认交易' },
  confirmData: { en: 'Confirm Data', zh: '确认数据' },
  address: { en: '{} Address', zh: '{} 地址' },
  addressLine: { en: 'Address', zh: '地址' },
  publicKey: { en: '{} Public Key', zh: '{} 公钥' },
  enterPin: { en: 'Enter PIN', zh: '输入 PIN' },
  enterPassphrase: { en: 'Enter Passphrase', zh: '输入密语' },
  accessHidden: { en: 'Access Hidden Wallet?', zh: '打开隐藏钱包？' },
  passphrase: { en: 'Passphrase', zh: '密语' },
  digits: { en: '', zh: '' },
  demoPin: { en: 'Demo PIN', zh: '演示 PIN' },
  signMessage: { en: 'Sign Message', zh: '签署消息' },
  typedData: { en: 'Typed Data {}', zh: '结构化数据 {}' },
  domainHash: { en: 'Domain Hash', zh: '域哈希' },
  messageHash: { en: 'Message Hash', zh: '消息哈希' },
  pinHint: {
    en: 'Demo: Confirm stands for the right PIN',
    zh: '演示：按“确定”即视为输入了正确的 PIN',
  },
  ping: { en: 'Message', zh: '消息' },
  amount: { en: 'Amount', zh: '金额' },
  to: { en: 'To', zh: '接收方' },
  from: { en: 'From', zh: '发送方' },
  fee: { en: 'Fee', zh: '交易费' },
  total: { en: 'Total Amount', zh: '总金额' },
  maxFee: { en: 'Maximum Fee', zh: '交易费上限' },
  gasPrice: { en: 'Gas Price', zh: '燃料价格' },
  maxFeePerGas: { en: 'Maximum Fee Per Gas', zh: '单位 Gas 的交易费上限' },
  priorityFee: { en: 'Priority Fee Per Gas', zh: '单位 Gas 的优先费用' },
  chainId: { en: 'Chain ID', zh: '链 ID' },
  contract: { en: 'Contract Address', zh: '合约地址' },
  unknownToken: { en: 'Unknown Token', zh: '未知代币' },
  path: { en: 'Path', zh: '路径' },
  xpub: { en: 'xPub', zh: 'xPub' },
  data: { en: 'Data', zh: '数据' },
  size: { en: 'Size', zh: '大小' },
  lockTime: { en: 'Block Height', zh: '区块高度' },
  network: { en: 'Network', zh: '网络' },
  serial: { en: 'Serial Number', zh: '序列号' },
} as const satisfies Record<string, Record<DeviceLanguage, string>>

export type Word = keyof typeof WORDS

export interface ScreenLine {
  /** `literal` is a name that came from the host. */
  readonly label: Word | { readonly literal: string }
  /** Literal text, or another of the device's words. */
  readonly value: string | { readonly word: Word }
}

export interface DeviceScreen {
  /** `showing` waits for a button, `asking` for what is typed at the host; the others only inform. */
  readonly kind: 'idle' | 'working' | 'showing' | 'asking' | 'unplugged'
  readonly title: { readonly word: Word; readonly of?: string }
  readonly lines: readonly ScreenLine[]
}

/** The same screen as a person reads it. */
export interface ReadScreen {
  readonly kind: DeviceScreen['kind']
  readonly title: string
  readonly lines: readonly { readonly label: string; readonly value: string }[]
}

export function readScreen(screen: DeviceScreen, language: DeviceLanguage): ReadScreen {
  const text = (value: ScreenLine['value']): string =>
    typeof value === 'string' ? value : WORDS[value.word][language]
  const label = (name: ScreenLine['label']): string =>
    typeof name === 'string' ? WORDS[name][language] : name.literal
  return {
    kind: screen.kind,
    title: WORDS[screen.title.word][language].replace('{}', screen.title.of ?? '').trim(),
    lines: screen.lines.map((line) => ({
      label: label(line.label),
      value: text(line.value),
    })),
  }
}

/** 5000000 of 8 decimals → 0.05, as the firmware formats: exact, no trailing zeros. */
export function decimalText(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
