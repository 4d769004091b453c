# METADATA
# title: 'A component is given its own Secrets and nobody else''s.'
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController, ServiceAccount]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     S3: Whoever takes over one component has the rights of that one only.
package k8s.secret_references

import data.lib.report
import data.lib.secrets
import data.lib.workload

pod := workload.template(input.review.object)

violation contains {"msg": "there are no parameters for secret_references"} if not input.parameters.components

violation contains report.about(input.review.object, "S3", text) if {
	component := workload.component(pod)
	allowed := object.get(input.parameters.components, component, [])
	some name in secrets.names_in(pod)
	not name in allowed
	text := sprintf("the Secret %q is none of the component %q: %s", [name, component, concat(", ", allowed)])
}

# What Kubernetes gives to every pod of the account.
violation contains report.about(input.review.object, "S3", text) if {
	input.review.object.kind == "ServiceAccount"
	component := workload.component(input.review.object)
	allowed := object.get(input.parameters.components, component, [])
	some list in ["secrets", "imagePullSecrets"]
	some reference in object.get(input.review.object, list, [])
	name := object.get(reference, "name", "")
	not name in allowed
	text := sprintf("the Secret %q is none of the component %q: %s", [name, component, concat(", ", allowed)])
}
