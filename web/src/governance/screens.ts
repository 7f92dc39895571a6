import { ScrollText, ShieldCheck, Stamp, Wallet } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const governanceScreens: readonly Screen[] = [
  {
    path: '/policies',
    title: 'Policies',
    needs: { inTenant: 'read-policies' },
    load: async () => (await import('./policies/policies-screen.tsx')).PoliciesScreen,
    navigation: {
      section: 'Governance',
      icon: ScrollText,
      key: 'p',
      words: 'rules cedar simulate forbid permit',
    },
  },
  {
    path: '/policies/$name',
    title: 'Policy',
    needs: { inTenant: 'read-policies' },
    load: async () => (await import('./policies/own-policy-screen.tsx')).OwnPolicyScreen,
  },
  {
    path: '/approvals',
    title: 'Approvals',
    load: async () => (await import('./approvals/approvals-screen.tsx')).ApprovalsScreen,
    navigation: {
      section: 'Governance',
      icon: Stamp,
      key: 'd',
      words: 'decisions history approved rejected',
    },
  },
  {
    path: '/audit',
    title: 'Audit',
    needs: { inTenant: 'read-audit' },
    load: async () => (await import('./audit/audit-screen.tsx')).AuditScreen,
    navigation: { section: 'Governance', icon: ShieldCheck, key: 'a', words: 'log records chain check' },
  },
  {
    path: '/audit/$seq',
    title: 'Audit record',
    needs: { inTenant: 'read-audit' },
    load: async () => (await import('./audit/audit-record-screen.tsx')).AuditRecordScreen,
  },
  {
    path: '/budgets',
    title: 'Budgets',
    needs: { inSomeProject: 'read-budget' },
    load: async () => (await import('./budgets/budgets-screen.tsx')).BudgetsScreen,
    navigation: {
      section: 'Governance',
      icon: Wallet,
      key: 'b',
      words: 'limits money cost spending forecast',
    },
  },
]
