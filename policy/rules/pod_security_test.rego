# W3, one setting at a time.
package k8s.pod_security_test

import data.k8s.pod_security

good := {
	"kind": "Deployment",
	"metadata": {"name": "api"},
	"spec": {"template": {"spec": {
		"securityContext": {
			"runAsNonRoot": true,
			"runAsUser": 65532,
			"seccompProfile": {"type": "RuntimeDefault"},
		},
		"containers": [{
			"name": "api",
			"securityContext": {
				"allowPrivilegeEscalation": false,
				"readOnlyRootFilesystem": true,
				"capabilities": {"drop": ["ALL"]},
			},
			"readinessProbe": {"httpGet": {"path": "/readyz", "port": 9090}},
		}],
	}}},
}

pod := "/spec/template/spec"

container := "/spec/template/spec/containers/0"

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in pod_security.violation with input as {"review": {"object": resource}}
}

test_accepts[note] if {
	some note, patches in {
		"what is secured": [],
		"what the container says itself": [
			{"op": "remove", "path": sprintf("%s/securityContext", [pod])},
			{"op": "add", "path": sprintf("%s/securityContext/runAsNonRoot", [container]), "value": true},
			{"op": "add", "path": sprintf("%s/securityContext/runAsUser", [container]), "value": 10000},
			{"op": "add", "path": sprintf("%s/securityContext/seccompProfile", [container]), "value": {"type": "Localhost"}},
		],
		"null for nothing": [
			{"op": "add", "path": sprintf("%s/securityContext/capabilities/add", [container]), "value": null},
			{"op": "add", "path": sprintf("%s/securityContext/privileged", [container]), "value": null},
			{"op": "add", "path": sprintf("%s/securityContext/sysctls", [pod]), "value": null},
			{"op": "add", "path": sprintf("%s/initContainers", [pod]), "value": null},
		],
		"the profile of the runtime": [{"op": "add", "path": sprintf("%s/securityContext/appArmorProfile", [pod]), "value": {"type": "RuntimeDefault"}}],
	}
	messages(patches) == set()
}

test_refuses_for_the_container[note] if {
	some note, [path, value, text] in {
		"escalation": ["allowPrivilegeEscalation", true, "allowPrivilegeEscalation must be false"],
		"escalation unsaid": ["allowPrivilegeEscalation", null, "allowPrivilegeEscalation must be false"],
		"writable files": ["readOnlyRootFilesystem", false, "readOnlyRootFilesystem must be true"],
		"privileges": ["privileged", true, "privileged must not be true"],
		"an unmasked /proc": ["procMount", "Unmasked", "procMount must be Default"],
		"small letters": ["capabilities/drop", ["all"], "capabilities.drop must hold ALL"],
		"nothing dropped": ["capabilities", {}, "capabilities.drop must hold ALL"],
		"a capability": ["capabilities/add", ["NET_BIND_SERVICE"], "capabilities.add must be empty"],
		"root against its pod": ["runAsNonRoot", false, "runAsNonRoot must be true"],
		"user 0": ["runAsUser", 0, "runAsUser must be a number, 10000 or more"],
		"a user of the system": ["runAsUser", 9999, "runAsUser must be a number, 10000 or more"],
		"a user's name": ["runAsUser", "node", "runAsUser must be a number, 10000 or more"],
		"no seccomp": ["seccompProfile", {"type": "Unconfined"}, "seccompProfile must be RuntimeDefault or Localhost"],
		"no AppArmor": ["appArmorProfile", {"type": "Unconfined"}, "appArmorProfile must not be Unconfined"],
		"a label of SELinux": ["seLinuxOptions", {"type": "spc_t"}, "seLinuxOptions must not be set"],
		"a process of a Windows host": ["windowsOptions", {"hostProcess": true}, "windowsOptions must not be set"],
	}
	patches := [{"op": "add", "path": sprintf("%s/securityContext/%s", [container, path]), "value": value}]
	messages(patches) == {sprintf("W3 Deployment api, container api: %s", [text])}
}

test_refuses_a_host_in[note] if {
	some note, [path, value] in {
		"readinessProbe": ["readinessProbe/httpGet/host", "10.0.0.1"],
		"livenessProbe": ["livenessProbe", {"tcpSocket": {"host": "10.0.0.1", "port": 22}}],
		"preStop": ["lifecycle", {"preStop": {"httpGet": {"host": "10.0.0.1"}}}],
	}
	patches := [{"op": "add", "path": sprintf("%s/%s", [container, path]), "value": value}]
	messages(patches) == {sprintf("W3 Deployment api, container api: %s must not name a host", [note])}
}

# As it was said before there was a field.
test_refuses_no_profile_by_annotation if {
	annotations := {"container.apparmor.security.beta.kubernetes.io/api": "unconfined", "note": "unconfined"}
	patches := [{"op": "add", "path": "/spec/template/metadata", "value": {"annotations": annotations}}]
	messages(patches) == {"W3 Deployment api: the annotation container.apparmor.security.beta.kubernetes.io/api must not be unconfined"}
}

test_refuses_sysctls if {
	patches := [{"op": "add", "path": sprintf("%s/securityContext/sysctls", [pod]), "value": [{"name": "kernel.shm_rmid_forced", "value": "0"}]}]
	messages(patches) == {"W3 Deployment api: sysctls must not be set"}
}

test_looks_at_containers_of_every_kind[list] if {
	some list in ["initContainers", "ephemeralContainers"]
	patches := [{"op": "add", "path": sprintf("%s/%s", [pod, list]), "value": [{"name": "other", "image": "a"}]}]
	messages(patches) == {
		"W3 Deployment api, container other: allowPrivilegeEscalation must be false",
		"W3 Deployment api, container other: readOnlyRootFilesystem must be true",
		"W3 Deployment api, container other: capabilities.drop must hold ALL",
	}
}

test_refuses_what_says_nothing if {
	messages([{"op": "replace", "path": pod, "value": {"containers": [{"image": "a"}]}}]) == {sprintf("W3 Deployment api, container without a name: %s", [text]) |
		some text in [
			"allowPrivilegeEscalation must be false",
			"readOnlyRootFilesystem must be true",
			"capabilities.drop must hold ALL",
			"runAsNonRoot must be true",
			"runAsUser must be a number, 10000 or more",
			"seccompProfile must be RuntimeDefault or Localhost",
		]
	}
}
