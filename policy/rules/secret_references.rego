# S3: a component is given the Secrets that the chart's values name for it, and nobody else's.
package k8s.secret_references

import data.lib.report
import data.lib.secrets
import data.lib.workload

violation contains report.on("S3", input.review.object, text) if {
	component := workload.component(input.review.object)
	allowed := object.get(input.parameters.components, component, [])
	some name in secrets.names_in(input.review.object)
	not name in allowed
	text := sprintf("the Secret %q is none of the component %q: %s", [name, component, concat(", ", allowed)])
}

# What Kubernetes gives to every pod of the account.
violation contains report.on("S3", input.review.object, text) if {
	input.review.object.kind == "ServiceAccount"
	component := workload.component_of(input.review.object)
	allowed := object.get(input.parameters.components, component, [])
	some list in ["secrets", "imagePullSecrets"]
	some reference in object.get(input.review.object, list, [])
	not reference.name in allowed
	text := sprintf("the Secret %q is none of the component %q: %s", [reference.name, component, concat(", ", allowed)])
}
