# METADATA
# title: 'Every container is held to the Pod Security Standard "restricted", and to more.'
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     W3: 'A container that gets out of its program is still nobody, with nothing to write to and no rights: a numeric user above those of the system, read-only files, no capability.'
package k8s.pod_security

import data.lib.report
import data.lib.workload

lowest_user := 10000

pod := workload.template(input.review.object)

violation contains report.about(input.review.object, "W3", text) if some text in pod_faults

violation contains report.about_container(input.review.object, container, "W3", text) if {
	some [container, text] in faults
}

containers := workload.containers(pod)

own(container, setting) := object.get(container, ["securityContext", setting], null)

effective(container, setting) := workload.effective(pod, container, setting)

faults contains [container, "allowPrivilegeEscalation must be false"] if {
	some container in containers
	own(container, "allowPrivilegeEscalation") != false
}

faults contains [container, "readOnlyRootFilesystem must be true"] if {
	some container in containers
	own(container, "readOnlyRootFilesystem") != true
}

faults contains [container, "privileged must not be true"] if {
	some container in containers
	privileged := own(container, "privileged")
	not privileged in {false, null}
}

faults contains [container, "procMount must be Default"] if {
	some container in containers
	mount := own(container, "procMount")
	not mount in {"Default", null}
}

# Written in capitals: Pod Security compares it letter by letter.
faults contains [container, "capabilities.drop must hold ALL"] if {
	some container in containers
	dropped := object.get(container, ["securityContext", "capabilities", "drop"], [])
	not "ALL" in dropped
}

faults contains [container, "capabilities.add must be empty"] if {
	some container in containers
	added := object.get(container, ["securityContext", "capabilities", "add"], null)
	not added in {null, []}
}

faults contains [container, "runAsNonRoot must be true"] if {
	some container in containers
	effective(container, "runAsNonRoot") != true
}

faults contains [container, sprintf("runAsUser must be a number, %d or more", [lowest_user])] if {
	some container in containers
	user := effective(container, "runAsUser")
	not is_high_user(user)
}

faults contains [container, "seccompProfile must be RuntimeDefault or Localhost"] if {
	some container in containers
	profile := effective(container, "seccompProfile")
	type := object.get({"profile": profile}, ["profile", "type"], null)
	not type in {"RuntimeDefault", "Localhost"}
}

faults contains [container, "appArmorProfile must not be Unconfined"] if {
	some container in containers
	effective(container, "appArmorProfile").type == "Unconfined"
}

faults contains [container, "seLinuxOptions must not be set"] if {
	some container in containers
	effective(container, "seLinuxOptions") != null
}

faults contains [container, "windowsOptions must not be set"] if {
	some container in containers
	effective(container, "windowsOptions") != null
}

# The kubelet would ask wherever this says, from inside the node.
faults contains [container, sprintf("%s must not name a host", [occasion])] if {
	some container in containers
	some occasion in ["startupProbe", "readinessProbe", "livenessProbe", "postStart", "preStop"]
	some how in ["httpGet", "tcpSocket"]
	some at in [[occasion], ["lifecycle", occasion]]
	object.get(container, array.concat(at, [how, "host"]), "") != ""
}

pod_faults contains "sysctls must not be set" if {
	settings := object.get(pod.spec, ["securityContext", "sysctls"], null)
	not settings in {null, []}
}

# The way of saying it before there was a field for it.
pod_faults contains sprintf("the annotation %s must not be unconfined", [name]) if {
	some name, "unconfined" in pod.metadata.annotations
	startswith(name, "container.apparmor.security.beta.kubernetes.io/")
}

is_high_user(user) if {
	is_number(user)
	user >= lowest_user
}
