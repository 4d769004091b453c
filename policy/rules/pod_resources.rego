# METADATA
# title: Every container says what it needs, and how much memory it may have.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     W5: 'Without requests it lands on a full node, without a limit of memory it takes its neighbours along. The processor is not limited: a throttled probe looks like a dead program.'
package k8s.pod_resources

import data.lib.report
import data.lib.workload

pod := workload.template(input.review.object)

violation contains report.about_container(input.review.object, container, "W5", text) if {
	some container in workload.lasting_containers(pod)
	some path in [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]
	object.get(container, array.concat(["resources"], path), null) in {null, ""}
	text := sprintf("resources.%s must be set", [concat(".", path)])
}
