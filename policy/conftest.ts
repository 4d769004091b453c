// What conftest runs: packages that hand each object, or all of them together, to the policies as Gatekeeper would.
import type { Policy } from './rule-files.ts';

const notice = 'Generated from the policies by `npm run generate`: change those.';

/** `package main`: every object for itself. */
export function toAdapter(policies: readonly Policy[]): string {
  const rules = policies.filter(({ isCombined }) => !isCombined).map(({ name }) => toRules(name, ''));
  return `# Hands each object to the policies that judge one. ${notice}
package main

import data.lib.documents

resources := documents.resources(input)
${rules.join('')}`;
}

/** `package combined`: every object in sight of all others, which Gatekeeper calls its inventory. */
export function toCombinedAdapter(policies: readonly Policy[]): string {
  const rules = policies
    .filter(({ isCombined }) => isCombined)
    .map(({ name }) => toRules(name, ' with data.inventory as inventory'));
  return `# Hands each object, in sight of all others, to the policies that judge several: conftest --combine. ${notice}
package combined

import data.lib.documents
import data.lib.siblings

resources contains resource if {
	some file in input
	some resource in documents.resources(file.contents)
}

inventory := siblings.inventory(resources)
${rules.join('')}`;
}

// Where a value of `with` is undefined so is the whole expression: without the second rule a policy without parameters would pass everything.
function toRules(name: string, beside: string): string {
  return `
violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.${name}}
	some v in data.k8s.${name}.violation with input as review${beside}
}

violation contains {"msg": "there are no parameters for ${name}"} if not data.params.${name}
`;
}
