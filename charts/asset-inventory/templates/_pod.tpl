{{/* The one way in which pods and containers are secured and wired; no value can weaken it. */}}

{{- define "inventory.container-security" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/* root, values: the settings of every pod with those of this component on top; what it leaves empty stays. */}}
{{- define "inventory.pod-values" -}}
{{- $pod := deepCopy .root.Values.pod -}}
{{- range $name, $value := .values.pod -}}
{{- if $value -}}
{{- if kindIs "map" $value -}}
{{- $value = mustMergeOverwrite (deepCopy (index $pod $name)) $value -}}
{{- end -}}
{{- $_ := set $pod $name $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $pod -}}
{{- end -}}

{{/* root, component, values: all of a pod's spec but its containers and volumes. */}}
{{- define "inventory.pod-base" -}}
{{- $pod := include "inventory.pod-values" . | fromYaml -}}
serviceAccountName: {{ include "inventory.serviceAccountName" . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- if not .root.Values.hostUsers }}
hostUsers: false
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* root, component, values, and more `labels` and `annotations`: the metadata of a pod. */}}
{{- define "inventory.pod-metadata" -}}
{{- $pod := include "inventory.pod-values" . | fromYaml -}}
labels:
  {{- include "inventory.labels" . | nindent 2 }}
  {{- with merge (dict) (default dict .labels) $pod.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/config: {{ .config | sha256sum }}
  kubectl.kubernetes.io/default-container: {{ .container }}
  {{- with $pod.annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* root, role, configMap, key: the volumes of a component's configuration and of its database password, and nobody else's. */}}
{{- define "inventory.volumes" -}}
- name: config
  configMap:
    name: {{ .configMap }}
    defaultMode: 0444
    items:
      - key: {{ .key | quote }}
        path: config.yaml
- name: database
  secret:
    secretName: {{ (index .root.Values.postgres.roles .role).existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: {{ (index .root.Values.postgres.roles .role).key | quote }}
        path: password
{{- with .root.Values.postgres.caSecret }}
{{- if .name }}
- name: postgres-ca
  secret:
    secretName: {{ .name | quote }}
    defaultMode: 0440
    items:
      - key: {{ .key | quote }}
        path: ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{- define "inventory.mounts" -}}
- name: config
  mountPath: /etc/inventory/config
  readOnly: true
- name: database
  mountPath: /etc/inventory/database
  readOnly: true
{{- if .root.Values.postgres.caSecret.name }}
- name: postgres-ca
  mountPath: /etc/inventory/postgres-ca
  readOnly: true
{{- end }}
{{- end -}}

{{/* root, auth: the volume of the authority that vouches for the issuer, where there is one to ask. The proxy asks it too. */}}
{{- define "inventory.issuer-volume" -}}
{{- with .root.Values.authProxy.caSecret }}
{{- if and .name (eq $.auth.mode "oidc") }}
- name: issuer-ca
  secret:
    secretName: {{ .name | quote }}
    defaultMode: 0440
    items:
      - key: {{ .key | quote }}
        path: ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{- define "inventory.issuer-mount" -}}
{{- if and .root.Values.authProxy.caSecret.name (eq .auth.mode "oidc") }}
- name: issuer-ca
  mountPath: /etc/inventory/issuer-ca
  readOnly: true
{{- end }}
{{- end -}}

{{/* root, trigger: the variables of every container of the product. */}}
{{- define "inventory.env" -}}
- name: INVENTORY_CONFIG
  value: /etc/inventory/config/config.yaml
- name: INVENTORY_LOG_LEVEL
  value: {{ .root.Values.logLevel }}
- name: INVENTORY_IMAGE_DIGEST
  value: {{ .root.Values.image.digest | quote }}
- name: INVENTORY_TRIGGER
  value: {{ .trigger }}
{{- end -}}

{{/* root, values, component: the probes of a service's own container, on its ops listener. */}}
{{- define "inventory.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: ops }
  periodSeconds: 2
  failureThreshold: 30
readinessProbe:
  httpGet: { path: /readyz, port: ops }
  periodSeconds: 5
  timeoutSeconds: 3
livenessProbe:
  httpGet: { path: /healthz, port: ops }
  periodSeconds: 10
  timeoutSeconds: 3
{{- end -}}

{{/* root, component, values: spread over nodes and zones, when there is more than one. */}}
{{- define "inventory.spread" -}}
{{- if eq (include "inventory.is-several" .values) "true" }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $.values.spread }}
    labelSelector:
      matchLabels:
        {{- include "inventory.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end -}}

{{- define "inventory.is-several" -}}
{{- if .autoscaling.enabled -}}{{ gt (int .autoscaling.minReplicas) 1 }}{{- else -}}{{ gt (int .replicas) 1 }}{{- end -}}
{{- end -}}
