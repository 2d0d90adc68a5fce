/** What the terminal that started the app is told: the first risk report, once. In the demo the software
 *  device is paired first, so that there is a vault to report on. */
import { createClient } from '../../../shared/contract/client.ts'
import { riskReport } from '../cli/report.ts'
import { pairDemoDevice, readFirstPortfolio } from '../firstAnswers.ts'
import type { HostClient } from '../hostClient.ts'

export async function printFirstReport(
  host: Pick<HostClient, 'call'>,
  mode: 'demo' | 'real',
): Promise<void> {
  const client = createClient((method, input) => host.call(method, input))
  if (mode === 'demo') {
    const paired = await pairDemoDevice(client)
    if (!paired.ok) throw new Error(`the demo's device was not paired: ${paired.refusal.code}`)
  }
  const view = await readFirstPortfolio(client)
  const text = view.ok ? riskReport(view.value) : `no report: ${view.refusal.code}`
  process.stdout.write(`${text}\n`)
}
