/** What it means that our liquidation price matches the venue's, or does not. */
import type { PositionRisk, RiskReport } from '../../shared/risk/report.ts'
import type { Grade } from '../data/device.ts'

export function reportGrade(state: RiskReport['state']): Grade {
  switch (state) {
    case 'complete':
      return 'good'
    case 'partial':
    case 'unverified':
      return 'warn'
    case 'stale':
      return 'breach'
  }
}

export function verificationGrade(kind: PositionRisk['verification']['kind']): Grade {
  switch (kind) {
    case 'matches':
    case 'both-none':
      return 'good'
    case 'differs':
      return 'breach'
    case 'unverified':
      return 'warn'
  }
}
