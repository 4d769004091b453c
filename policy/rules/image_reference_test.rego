# W1, one reference at a time.
package k8s.image_reference_test

import data.k8s.image_reference

digest := "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

registries := ["registry.example:5000/team", "quay.io/oauth2-proxy"]

messages(container) := {found.msg |
	some found in image_reference.violation with input as {
		"review": {"object": {"kind": "Pod", "metadata": {"name": "api"}, "spec": {"containers": [container]}}},
		"parameters": {"registries": registries},
	}
}

test_accepts[image] if {
	some image in [
		sprintf("registry.example:5000/team/asset-inventory@%s", [digest]),
		sprintf("registry.example:5000/team/sub/asset_inventory.x:1.2.3@%s", [digest]),
		sprintf("quay.io/oauth2-proxy/oauth2-proxy@%s", [digest]),
	]
	messages({"name": "api", "image": image}) == set()
}

test_refuses[image] if {
	some image in [
		"",
		"registry.example:5000/team/asset-inventory",
		"registry.example:5000/team/asset-inventory:1.2.3",
		"registry.example:5000/team/asset-inventory@sha256:aaaa",
		sprintf("registry.example:5000/team/asset-inventory@%sa", [digest]),
		sprintf("registry.example:5000/team/asset-inventory@%s\n", [digest]),
		replace(sprintf("registry.example:5000/team/asset-inventory@%s", [digest]), "sha256", "sha512"),
		upper(sprintf("registry.example:5000/team/asset-inventory@%s", [digest])),
		sprintf("registry.example:5000/team/../other@%s", [digest]),
		sprintf("registry.example:5000/team//other@%s", [digest]),
		sprintf("registry.example:5000/teams/asset-inventory@%s", [digest]),
		sprintf("evil.example/registry.example:5000/team/asset-inventory@%s", [digest]),
		sprintf("asset-inventory@%s", [digest]),
	]
	messages({"name": "api", "image": image}) == {sprintf("W1 Pod api, container api: image %q must be REPOSITORY@sha256:… of registry.example:5000/team, quay.io/oauth2-proxy", [image])}
}

test_refuses_a_container_without_an_image if count(messages({"name": "api"})) == 1

test_says_that_it_was_told_nothing if {
	{"msg": "there are no parameters for image_reference"} in image_reference.violation with input as {"review": {"object": {"kind": "ConfigMap"}}}
}
