# Hands each object, in sight of all others, to the policies that judge several: conftest --combine. Generated from the policies by `npm run generate`: change those.
package combined

import data.lib.documents
import data.lib.siblings

resources contains resource if {
	some file in input
	some resource in documents.resources(file.contents)
}

inventory := siblings.inventory(resources)

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.entrances}
	some v in data.k8s.entrances.violation with input as review with data.inventory as inventory
}

violation contains {"msg": "there are no parameters for entrances"} if not data.params.entrances

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.identity_sharing}
	some v in data.k8s.identity_sharing.violation with input as review with data.inventory as inventory
}

violation contains {"msg": "there are no parameters for identity_sharing"} if not data.params.identity_sharing

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_coverage}
	some v in data.k8s.netpol_coverage.violation with input as review with data.inventory as inventory
}

violation contains {"msg": "there are no parameters for netpol_coverage"} if not data.params.netpol_coverage

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.replicas}
	some v in data.k8s.replicas.violation with input as review with data.inventory as inventory
}

violation contains {"msg": "there are no parameters for replicas"} if not data.params.replicas
