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
	not own(container, "privileged") in {false, null}
}

faults contains [container, "procMount must be Default"] if {
	some container in containers
	not own(container, "procMount") in {"Default", null}
}

# Written in capitals: Pod Security compares it letter by letter.
faults contains [container, "capabilities.drop must hold ALL"] if {
	some container in containers
	not "ALL" in object.get(container, ["securityContext", "capabilities", "drop"], [])
}

faults contains [container, "capabilities.add must be empty"] if {
	some container in containers
	not object.get(container, ["securityContext", "capabilities", "add"], null) in {null, []}
}

faults contains [container, "runAsNonRoot must be true"] if {
	some container in containers
	effective(container, "runAsNonRoot") != true
}

faults contains [container, sprintf("runAsUser must be a number, %d or more", [lowest_user])] if {
	some container in containers
	not is_high_user(effective(container, "runAsUser"))
}

faults contains [container, "seccompProfile must be RuntimeDefault or Localhost"] if {
	some container in containers
	profile := effective(container, "seccompProfile")
	not object.get({"profile": profile}, ["profile", "type"], null) in {"RuntimeDefault", "Localhost"}
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

is_high_user(user) if {
	is_number(user)
	user >= lowest_user
}
